//! What becomes of a request.

use std::time::Duration;

use super::answer::Answer;

/// How a request goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The server hears nothing of it.
    Instead(End),
    /// The server has done what was asked, and nobody is told its answer.
    Afterwards(End),
    /// It reaches the server after this time.
    Late(Duration),
    /// The connection is reset when so many bytes of its body have come, none of which the server sees.
    ResetInRequest(usize),
    /// The connection is reset after so many bytes of the answer's body.
    ResetInAnswer(usize),
    /// So many bytes of the answer's body come, as if they were all.
    Short(usize),
    /// It is answered, and its connection is to take no other one: `GOAWAY`, or `Connection: close`.
    LastOfConnection,
}

/// What the client is told in place of the server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nothing: the connection is reset.
    Cut,
    /// Nothing, and the connection stays.
    Silence,
    /// This.
    Answer(Answer),
}
