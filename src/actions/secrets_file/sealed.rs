//! The file: armored age, to X25519 recipients alone. Pure, but for the randomness.

use std::io::{Read as _, Write as _};
use std::path::Path;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use crate::input;
use crate::report::{Failure, Outcome, remember_secret};

/// What an identity begins with, in either case.
const IDENTITY: &str = "AGE-SECRET-KEY-";

/// The recipients that the command line names.
pub fn recipients(texts: &[String]) -> Outcome<Vec<Recipient>> {
    texts.iter().map(|text| recipient(text.trim())).collect()
}

fn recipient(text: &str) -> Outcome<Recipient> {
    if text.to_ascii_uppercase().starts_with(IDENTITY) {
        remember_secret(text);
        return Err(Failure::usage("--recipient is given an identity, which is the secret half; nothing was written")
            .hint("give the recipient that belongs to it (`age-keygen -y FILE`), and make a new pair: this one was on a command line"));
    }
    text.parse().map_err(|why: &str| {
        Failure::usage(format!("`{text}` is no recipient of age: {why}"))
            .hint("a recipient is one word and begins with age1; `age-keygen` prints it")
    })
}

/// The identities in a file, a line each; lines with `#` are for people.
pub fn identities(file: &Path) -> Outcome<Vec<Identity>> {
    let shown = file.display();
    let text = input::text_of(file).map(Zeroizing::new).map_err(|error| {
        Failure::usage(format!("cannot read the identity {shown}: {error}")).hint("name the file that age-keygen wrote")
    })?;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // Whatever it is, it may be half of a secret.
        remember_secret(line);
        let identity = line.parse().map_err(|_| {
            Failure::usage(format!("line {} of {shown} is no identity of age", number + 1)).hint(format!(
                "a line of it begins with {IDENTITY}1; one that is encrypted itself is opened by `age -d` first"
            ))
        })?;
        found.push(identity);
    }
    if found.is_empty() {
        return Err(
            Failure::usage(format!("there is no identity in {shown}")).hint("name the file that age-keygen wrote")
        );
    }
    Ok(found)
}

/// Encrypts to all of these.
pub fn seal(bytes: &[u8], recipients: &[Recipient]) -> Outcome<Vec<u8>> {
    let failed = |why: String| Failure::failed(format!("failed to encrypt: {why}"));
    let all = recipients.iter().map(|it| it as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(all).map_err(|error| failed(error.to_string()))?;
    let written = || {
        let armored = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut sealed = encryptor.wrap_output(armored)?;
        sealed.write_all(bytes)?;
        sealed.finish()?.finish() // both, or the file is cut short
    };
    written().map_err(|error| failed(error.to_string()))
}

/// Decrypts a file, as a whole or not at all.
pub fn open(shown: &str, bytes: &[u8], identities: &[Identity]) -> Outcome<Zeroizing<Vec<u8>>> {
    let unreadable = |error: DecryptError| unreadable(shown, &error);
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(bytes)).map_err(unreadable)?;
    let all = identities.iter().map(|it| it as &dyn age::Identity);
    let mut opened = decryptor.decrypt(all).map_err(unreadable)?;
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    opened.read_to_end(&mut text).map_err(|error| unreadable(error.into()))?;
    Ok(text)
}

fn unreadable(shown: &str, error: &DecryptError) -> Failure {
    match error {
        DecryptError::NoMatchingKeys => {
            Failure::refused(format!("{shown} is not encrypted to this identity; nothing was written"))
                .hint("name the identity that belongs to one of the recipients of the export")
        }
        DecryptError::Io(_) | DecryptError::DecryptionFailed | DecryptError::InvalidMac => {
            Failure::refused(format!("{shown} is cut short or was changed; nothing was written"))
                .hint("take another copy of the export")
        }
        _ => Failure::refused(format!("{shown} is no file of age; nothing was written"))
            .hint("name a file that `backstack secrets export` wrote"),
    }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret as _;

    use super::*;

    fn one_time() -> Identity {
        Identity::generate()
    }

    #[test]
    fn each_recipient_opens_the_file_and_nobody_else_does() {
        let [one, other, stranger] = [one_time(), one_time(), one_time()];
        let text = vec![7_u8; 200_000]; // more than one chunk of the format
        let sealed = seal(&text, &[one.to_public(), other.to_public()]).expect("sealed");
        assert!(sealed.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----\n"));
        for identity in [one, other] {
            assert_eq!(*open("f", &sealed, &[identity]).expect("opened"), text);
        }
        let refused = open("f", &sealed, &[stranger]).expect_err("not to this one");
        assert!(refused.message.contains("not encrypted to this identity") && refused.exit.code() == 3, "{refused:?}");
    }

    #[test]
    fn a_file_that_is_cut_or_changed_is_not_read() {
        let identity = one_time();
        let sealed = seal(&vec![7_u8; 200_000], &[identity.to_public()]).expect("sealed");
        let text = String::from_utf8(sealed).expect("armored");
        let lines: Vec<&str> = text.lines().collect();
        let end = lines[lines.len() - 1];
        let cut = |count: usize| lines[..count].join("\n") + "\n" + end + "\n";
        // 48 bytes a line: whole chunks of 64 KiB go, and then the file ends where a chunk does.
        for broken in [
            lines[..lines.len() / 2].join("\n"),
            cut(lines.len() / 2),
            cut(lines.len() - 3),
            text.replacen("AA", "AB", 1),
        ] {
            open("f", broken.as_bytes(), std::slice::from_ref(&identity)).expect_err("not whole");
        }
        for foreign in ["", "hello", "age-encryption.org/v2\n"] {
            let refused = open("f", foreign.as_bytes(), std::slice::from_ref(&identity)).expect_err("no age");
            assert_eq!(refused.exit.code(), 3, "{foreign}");
        }
    }

    #[test]
    fn an_identity_in_the_place_of_a_recipient_is_not_repeated() {
        let secret = one_time().to_string().expose_secret().to_owned();
        let refused = recipients(&[secret.to_lowercase()]).expect_err("an identity");
        assert!(!refused.render().to_uppercase().contains(&secret), "{}", refused.render());
        assert!(recipients(&["age1x".to_owned()]).is_err());
    }

    #[test]
    fn an_identity_file_is_read_line_by_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        let secret = one_time().to_string().expose_secret().to_owned();
        std::fs::write(&file, format!("# created\n\n{secret}\n")).expect("written");
        assert_eq!(identities(&file).expect("read").len(), 1);
        std::fs::write(&file, "# nothing\n").expect("written");
        assert!(identities(&file).is_err());
        std::fs::write(&file, format!("{secret}x\n")).expect("written");
        let refused = identities(&file).err().expect("broken").render();
        assert!(refused.contains("line 1") && !refused.contains(&secret), "{refused}");
    }
}
