//! Writes the manual into a folder (`make man`): beside the program, which carries nothing of it.

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("the folder for the pages is missing")?;
    Ok(backstack_release::man::write(backstack::cli::command(), &folder)?)
}
