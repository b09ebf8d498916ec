//! Which accounts are programs: by what hosts and well-known services put into their accounts, never by a word in a
//! name that a person could have.

use super::history::Identity;

/// How GitHub ends the names of all accounts of apps, which no person's account can have.
const APP: &str = "[bot]";

/// Addresses of well-known services and coding assistants, in lower case.
const ADDRESSES: [&str; 18] = [
    "198982749+copilot@users.noreply.github.com",
    "223556219+copilot@users.noreply.github.com",
    "action@github.com",
    "actions@github.com",
    "aider@aider.chat",
    "bors@rust-lang.org",
    "bot@renovateapp.com",
    "copilot@github.com",
    "cursoragent@cursor.com",
    "noreply@aider.chat",
    "noreply@anthropic.com",
    "noreply@github.com",
    "noreply@openai.com",
    "noreply@weblate.org",
    "hosted@weblate.org",
    "semantic-release-bot@martynus.net",
    "support@dependabot.com",
    "support@greenkeeper.io",
];

/// Whether the account is a program's.
pub(super) fn is_bot(identity: &Identity) -> bool {
    let address = identity.address.to_lowercase();
    let (local, host) = address.split_once('@').unwrap_or((address.as_str(), ""));
    identity.name.trim_end().to_lowercase().ends_with(APP)
        || local.ends_with(APP)
        || ADDRESSES.contains(&address.as_str())
        || (host.starts_with("noreply.") && is_of_gitlab(local))
}

/// The accounts that GitLab makes for access tokens of projects and groups: `project_12_bot_0a1b`.
fn is_of_gitlab(local: &str) -> bool {
    let rest = local.strip_prefix("project_").or_else(|| local.strip_prefix("group_"));
    let after = rest.map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest != after && after.is_some_and(|after| after == "_bot" || after.starts_with("_bot_"))
}

/// Whether the name or the address has the word `bot`, as programs and people have: worth a look, and no more.
pub(super) fn could_be_bot(identity: &Identity) -> bool {
    let local = identity.address.split('@').next().unwrap_or_default();
    [identity.name.as_str(), local]
        .into_iter()
        .any(|text| text.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("bot")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_say_what_is_a_program() {
        let of = |name: &str, address: &str| Identity { name: name.to_owned(), address: address.to_owned() };
        let bot = |name: &str, address: &str| is_bot(&of(name, address));
        assert!(bot("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com"));
        assert!(bot("Renovate", "29139614+renovate[bot]@users.noreply.github.com"));
        assert!(bot("forge[bot]", "forge@example.org"));
        assert!(bot("Claude", "noreply@anthropic.com"));
        assert!(bot("GitHub", "noreply@github.com"));
        assert!(bot("token", "project_12_bot_0a1b2c@noreply.gitlab.example.org"));
        assert!(bot("token", "group_7_bot@noreply.gitlab.com"));
        for (name, address) in [
            ("Ann Bot", "ann.bot@example.org"),
            ("Ann Bot", "bot@example.org"),
            ("Bot", "12+bot@users.noreply.github.com"),
            ("Ann Abbot", "abbot@example.org"),
            ("Jenkins", "jenkins@example.org"),
            ("GitHub", "github@example.org"),
            ("release-bot", "release-bot@example.org"),
            ("token", "project_bot@noreply.gitlab.com"),
            ("token", "project_12_bot_0a1b2c@gitlab.example.org"),
            ("token", "project_12_botany@noreply.gitlab.com"),
            ("Claude Lee", "claude@example.org"),
        ] {
            assert!(!bot(name, address), "{name} <{address}>");
        }
        assert!(could_be_bot(&of("Ann Bot", "ann@x")) && could_be_bot(&of("x", "release-bot@x")));
        assert!(!could_be_bot(&of("Ann Abbot", "abbot@example.org")));
    }
}
