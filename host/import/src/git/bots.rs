//! Who is a program: by the marks that programs give themselves.

use super::history::Identity;

/// Names that are programs', in lower case; names with `bot` as a word of their own need no entry.
const NAMES: [&str; 19] = [
    "aider",
    "bors",
    "cursor agent",
    "copilot",
    "copybara-service",
    "dependabot",
    "dependabot-preview",
    "devin ai",
    "github",
    "github action",
    "github actions",
    "gitlab",
    "greenkeeper",
    "jenkins",
    "mergify",
    "pre-commit-ci",
    "renovate",
    "semantic-release",
    "weblate",
];

/// Addresses that are programs', in lower case.
const ADDRESSES: [&str; 7] = [
    "action@github.com",
    "actions@github.com",
    "cursoragent@cursor.com",
    "noreply@aider.chat",
    "noreply@anthropic.com",
    "noreply@openai.com",
    "noreply@weblate.org",
];

/// Whether the name or the address says that this is a program.
pub(super) fn is_bot(identity: &Identity) -> bool {
    let name = identity.name.to_lowercase();
    let address = identity.address.to_lowercase();
    let local = address.split('@').next().unwrap_or_default();
    let account = local.split_once('+').map_or(local, |(_, account)| account);
    NAMES.contains(&name.as_str())
        || ADDRESSES.contains(&address.as_str())
        || [name.as_str(), account].into_iter().any(calls_itself_bot)
}

/// `renovate[bot]`, `release-bot`, `Some Bot`, `bot-release`: the word, but not a name such as `Abbot`.
fn calls_itself_bot(text: &str) -> bool {
    text.contains("[bot]") || text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "bot")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_people() {
        let bot = |name: &str, address: &str| {
            is_bot(&Identity { name: name.to_owned(), address: address.to_owned() })
        };
        assert!(bot("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com"));
        assert!(bot("Release Bot", "release@example.org"));
        assert!(bot("Example", "example-bot@example.org"));
        assert!(bot("Claude", "noreply@anthropic.com"));
        assert!(bot("GitHub", "noreply@github.com"));
        assert!(!bot("Ann Abbot", "abbot@example.org"));
        assert!(!bot("Bottom", "12+bottom@users.noreply.github.com"));
        assert!(!bot("Claude Lee", "claude@example.org"));
    }
}
