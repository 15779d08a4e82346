//! Fields that people have set on objects of the hub.
