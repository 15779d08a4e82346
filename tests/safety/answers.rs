//! What is believed of the API server's answers, and what they may cost.
