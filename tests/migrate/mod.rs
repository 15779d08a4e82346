//! Every object of a CRD is stored in the version that stays, or the CRD goes on saying that it is not.

pub mod widgets;

mod by_hand;
