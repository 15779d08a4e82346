//! The tokens of the service account on a spoke. Each is a Secret there: whoever deletes it takes the token back.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::engine::{Cluster, Poll, SPOKE_MANAGER};
use crate::object::{Identity, ObjectRef, secret_value, str_at};
use crate::report::{Console, Outcome, remember_secret, wipe};
use crate::words::spoke;

/// How long the token controller of a spoke may take, a part of kube-controller-manager: it fills a Secret of this type by itself.
const FILLED: Duration = Duration::from_secs(60);

/// A token that the account has.
pub struct Token {
    /// Its Secret on the spoke.
    pub secret: Identity,
    number: u32,
    made: Timestamp,
    text: Zeroizing<String>,
}

impl Token {
    /// What Argo CD logs in with.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn of(live: &Value) -> Option<Self> {
        let secret = Identity::of(live);
        let number = secret.object.name.strip_prefix(spoke::TOKEN)?.parse().ok()?;
        let made = str_at(live, "/metadata/creationTimestamp").parse().ok()?;
        let bytes = secret_value(live, "token").map(Zeroizing::new)?;
        let text = Zeroizing::new(str::from_utf8(&bytes).ok()?.to_owned());
        if !text.is_empty() {
            remember_secret(text.as_str());
        }
        Some(Self { secret, number, made, text })
    }
}

/// The tokens that this hub has there.
pub async fn all(spoke: &Cluster, hub: &str) -> Outcome<Vec<Token>> {
    let kind = ObjectRef::new("v1", "Secret", Some(spoke::ACCOUNT_NAMESPACE), "");
    let take = |mut live: Value| {
        let label = live.pointer("/metadata/labels").and_then(|it| it.get(spoke::HUB)).and_then(Value::as_str);
        let token = (label == Some(hub)).then(|| Token::of(&live)).flatten();
        wipe(&mut live);
        token
    };
    let mut all = spoke.list_with(&kind, take).await?;
    all.sort_by_key(|it| it.number);
    Ok(all)
}

/// Which token Argo CD is to log in with: the one that it has, as long as it is not too old, or the newest that a run has made
/// and not brought there; else a new one, whose number this is.
pub fn choose(tokens: &[Token], in_use: &str, renewal: Duration, now: Timestamp) -> Result<usize, u32> {
    let is_young = |it: &Token| {
        let age = now.duration_since(it.made);
        !it.text.is_empty() && age.as_secs() < i64::try_from(renewal.as_secs()).unwrap_or(i64::MAX)
    };
    let used = tokens.iter().position(|it| !in_use.is_empty() && it.text() == in_use);
    let newest = tokens.len().checked_sub(1);
    // A newer one than the one in use is of a run that has ended before it was brought to the hub.
    let candidate = newest.filter(|at| is_young(&tokens[*at])).or(used.filter(|at| is_young(&tokens[*at])));
    candidate.ok_or_else(|| tokens.last().map_or(1, |it| it.number + 1))
}

/// Makes a token, and waits until the spoke has filled it.
pub async fn make(spoke: &Cluster, hub: &str, number: u32, console: &Console) -> Outcome<Token> {
    let name = format!("{}{number}", spoke::TOKEN);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": name, "namespace": spoke::ACCOUNT_NAMESPACE, "labels": {spoke::HUB: hub},
            "annotations": {"kubernetes.io/service-account.name": spoke::ACCOUNT}},
    });
    let object = ObjectRef::of(&secret);
    spoke.apply(&secret, SPOKE_MANAGER).await?;
    let deadline = spoke.deadline().at_most(FILLED);
    let look = async || {
        let mut live = spoke.get(&object).await?.unwrap_or_default();
        let token = Token::of(&live).filter(|it| !it.text.is_empty());
        wipe(&mut live);
        if let Some(token) = token {
            return Ok(Poll::Done(token));
        }
        let why = format!("the controllers of the spoke have put no token into {object}");
        Ok(deadline.blocked(console, "account", why))
    };
    deadline.poll_patiently("a token of the service account", look).await
}

/// Takes all tokens back but the one that Argo CD has proven. Answers how many.
pub async fn take_back_others(spoke: &Cluster, tokens: &[Token], proven: &Identity) -> Outcome<usize> {
    let others: Vec<&Token> = tokens.iter().filter(|it| it.secret != *proven).collect();
    for token in &others {
        spoke.delete(&token.secret.object, &token.secret.uid).await?;
    }
    Ok(others.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u32, days: i64, text: &str) -> Token {
        Token {
            secret: Identity { object: ObjectRef::new("v1", "Secret", None, ""), uid: number.to_string() },
            number,
            made: now() - Duration::from_secs(u64::try_from(days).expect("positive") * 86_400),
            text: Zeroizing::new(text.to_owned()),
        }
    }

    fn now() -> Timestamp {
        "2026-11-29T12:00:00Z".parse().expect("a time")
    }

    #[test]
    fn a_token_is_kept_until_it_is_old_and_one_that_was_made_is_used() {
        let month = Duration::from_secs(30 * 86_400);
        let chosen = |tokens: &[Token], in_use: &str| choose(tokens, in_use, month, now());
        assert_eq!(chosen(&[], ""), Err(1), "the first");
        assert_eq!(chosen(&[token(1, 3, "a")], "a"), Ok(0), "it is young");
        assert_eq!(chosen(&[token(1, 31, "a")], "a"), Err(2), "it is old");
        assert_eq!(
            chosen(&[token(1, 31, "a"), token(2, 0, "b")], "a"),
            Ok(1),
            "a run ended before it was brought there"
        );
        assert_eq!(chosen(&[token(1, 31, "a"), token(2, 0, "b")], "b"), Ok(1), "a run ended before the old one went");
        assert_eq!(chosen(&[token(1, 3, "a"), token(2, 0, "")], "a"), Ok(0), "it was never filled");
        assert_eq!(chosen(&[token(4, 3, "")], ""), Err(5));
        assert_eq!(chosen(&[token(1, 3, "a")], "other"), Ok(0), "somebody has changed the Secret of the hub");
        assert_eq!(choose(&[token(1, 0, "a")], "a", Duration::ZERO, now()), Err(2));
    }
}
