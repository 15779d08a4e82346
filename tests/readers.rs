//! A text means to us what it means to the program that reads it next. The corpus is written here; each of its texts is
//! read by us and by the real readers.

mod agreement;
mod bounds;
mod corpus;
mod meaning;
mod paths;
mod ranges;
