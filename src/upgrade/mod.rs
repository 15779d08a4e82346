//! What a new version means to a cluster: which steps are allowed, which stored objects stand in the way, what goes. Pure.
