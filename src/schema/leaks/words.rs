//! The words of a name, in whatever way they are joined.

/// The words of a name, in small letters; numbers between them are no words.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let begins = letter.is_ascii_uppercase()
            && (before.is_some_and(|it| !it.is_ascii_uppercase())
                || (after.is_some_and(char::is_ascii_lowercase) && !is_plural(&letters[at..])));
        if begins || !letter.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_ascii_alphabetic(), words.last_mut()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `Ks` in `APIKs` begins no word; `Key` in `APIKey` does.
fn is_plural(rest: &[char]) -> bool {
    matches!(rest, [_, 's'])
}
