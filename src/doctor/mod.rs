//! What is wrong with an Argo CD and what it manages, whoever made it: findings over facts that were read before. Pure.
