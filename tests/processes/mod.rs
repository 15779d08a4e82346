//! What a run starts and leaves: nobody else can look into it, nobody is given more than it needs, and all of it is gone when the
//! run is, however that ends.

mod ends;
mod fixture;
mod gentle;
mod given;
mod left;
mod private;
mod ssh;
