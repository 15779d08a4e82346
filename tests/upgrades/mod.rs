//! What takes longer than a run of the tests has for it: `make test-upgrades`.

mod disaster;
mod recover;
