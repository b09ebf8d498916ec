//! The rules that were in force beside the new one, setting by setting.
//!
//! What is compared are the settings themselves and the charters' digests ([`apportion_core::charter::ComparedSetting`]); what is
//! displayed here follows from them and decides nothing.

use apportion_core::charter::{ComparedSetting, SettingKey, SettingValue};
use apportion_standard::Standing;

use crate::escape::{Html, html, write_html};
use crate::wording::{Wording, counted};

/// A table of the settings that differ, and a closed one of those that do not.
pub(crate) fn side_by_side(wording: &Wording<'_>) -> Html {
    let (changed, same): (Vec<ComparedSetting>, Vec<ComparedSetting>) =
        wording.terms.settings().into_iter().partition(ComparedSetting::differs);
    let mut html = Html::default();
    if wording.terms.is_same_charter() {
        html.push_markup("<p>The new charter is the one that was in force: both have the same digest.</p>");
    } else {
        let differ = counted(changed.len(), "setting");
        write_html!(html, "<p>The charters differ in {}; what is new is marked.</p>", differ);
        if changed.iter().any(|setting| is_about_signers(&setting.key)) {
            html.push_markup(
                "<p><strong>The new charter changes who can change the rules: see the first rows.</strong></p>",
            );
        }
    }
    if !changed.is_empty() {
        html.push(&table(&changed));
    }
    if !same.is_empty() {
        write_html!(
            html,
            "<details><summary>{} the same in both</summary>{}</details>",
            counted(same.len(), "setting"),
            table(&same)
        );
    }
    html
}

fn is_about_signers(key: &SettingKey) -> bool {
    matches!(key, SettingKey::SignaturesRequired | SettingKey::AllowedSigners)
}

fn table(settings: &[ComparedSetting]) -> Html {
    let mut html = Html::of(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Settings\"><table class=\"rules\"><thead><tr>\
         <th scope=\"col\">Setting</th><th scope=\"col\">Then</th><th scope=\"col\">New rule</th></tr></thead><tbody>",
    );
    for setting in settings {
        html.push(&row(setting));
    }
    html + "</tbody></table></div>"
}

fn row(setting: &ComparedSetting) -> Html {
    let cell = unambiguous_cell(setting);
    let cell = |value: Option<&SettingValue>| match value {
        Some(value) => html!("<bdi>{}</bdi>", cell(&setting.key, value)),
        None => Html::of("<span class=\"minor\">not set</span>"),
    };
    let then = setting.then.iter().map(|then| match setting.then.len() {
        1 => cell(then.value.as_ref()),
        _ => {
            let epochs = numbers(&then.epochs);
            html!("{} <span class=\"minor\">({})</span>", cell(then.value.as_ref()), epochs)
        }
    });
    let then = Html::join(then, "<br>");
    let new = cell(setting.new.as_ref());
    let new = if setting.differs() { html!("<mark>{}</mark>", new) } else { new };
    html!("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>", setting.key.to_string(), then, new)
}

/// How this setting's values are displayed: as people read them, unless two that differ would look the same (texts that
/// differ in blanks alone).
fn unambiguous_cell(setting: &ComparedSetting) -> fn(&SettingKey, &SettingValue) -> Html {
    let values: Vec<&SettingValue> =
        setting.then.iter().filter_map(|then| then.value.as_ref()).chain(&setting.new).collect();
    let look_alike = values.iter().enumerate().any(|(index, one)| {
        let mut others = values.iter().skip(index + 1);
        others.any(|other| one != other && readable(&setting.key, one) == readable(&setting.key, other))
    });
    if look_alike { exact } else { readable }
}

fn readable(key: &SettingKey, value: &SettingValue) -> Html {
    match (value, key) {
        (SettingValue::Text(text), SettingKey::AllowedSigners) => {
            Html::join(text.lines().map(|line| html!("<code>{}</code>", line)), "<br>")
        }
        (SettingValue::Text(text), _) => Html::text(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        (SettingValue::Number(0), SettingKey::SignaturesRequired) => {
            Html::of("none: anyone who can write to the ledger can change the charter")
        }
        (SettingValue::Component { digest, version }, SettingKey::Policy { name, .. }) => {
            let digest = digest.to_string();
            let standing = match Standing::of(name, version, &digest) {
                Standing::Other => String::new(),
                standing => format!(" ({standing})"),
            };
            html!("{}{} <code>{}</code>", version, standing, digest)
        }
        _ => exact(key, value),
    }
}

/// Every value differently.
fn exact(_: &SettingKey, value: &SettingValue) -> Html {
    match value {
        SettingValue::Component { digest, version } => html!("{} <code>{}</code>", version, digest),
        value => Html::text(value),
    }
}

fn numbers(epochs: &[u64]) -> String {
    let numbers: Vec<String> = epochs.iter().map(u64::to_string).collect();
    format!("epoch{} {}", if epochs.len() == 1 { "" } else { "s" }, numbers.join(", "))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
mod tests {
    use apportion_core::charter::SettingThen;

    use super::*;

    fn setting(key: SettingKey, then: SettingValue, new: SettingValue) -> ComparedSetting {
        ComparedSetting {
            key,
            then: vec![SettingThen { value: Some(then), epochs: vec![1] }],
            new: Some(new),
        }
    }

    fn text(text: &str) -> SettingValue {
        SettingValue::Text(text.to_owned())
    }

    /// What differs looks different, whatever a browser makes of blanks.
    #[test]
    fn values_that_differ_are_displayed_differently() {
        for (key, then, new) in [
            (SettingKey::Name, "A b", "A  b"),
            (SettingKey::Name, "A b", "A b "),
            (SettingKey::AllowedSigners, "ann ssh-ed25519 AAAA", "ann ssh-ed25519 AAAA\n"),
        ] {
            let row = row(&setting(key, text(then), text(new))).into_page();
            let cells: Vec<&str> = row.split("<td>").skip(1).collect();
            let bare = |cell: &str| {
                let cell = cell.replace("<mark>", "").replace("</mark>", "");
                cell.split("</td>").next().unwrap_or_default().to_owned()
            };
            assert!(row.contains("<mark>") && bare(cells[0]) != bare(cells[1]), "{row}");
        }
    }

    #[test]
    fn components_are_compared_and_shown_by_their_whole_digests() {
        let component = |last: char| SettingValue::Component {
            digest: format!("{}{last}", "0123456789ab".repeat(6).get(..63).unwrap()).parse().unwrap(),
            version: "0.1.0".to_owned(),
        };
        let key = SettingKey::Policy {
            name: "equal".to_owned(),
            occurrence: 1,
            setting: apportion_core::charter::PolicySetting::Component,
        };
        let setting = setting(key, component('0'), component('1'));
        assert!(setting.differs());
        let row = row(&setting).into_page();
        assert_eq!(row.matches("0123456789ab0123456789ab0123456789ab0123456789ab0123456789ab012").count(), 2);
        assert_eq!(row.matches("not the standard policy of that name").count(), 2, "{row}");
    }

    #[test]
    fn text_of_a_charter_cannot_act_on_the_page() {
        let hostile = "<img src=x onerror=alert(1)>";
        let parameter = SettingValue::Parameter(serde_json::Value::from(hostile));
        let rows = row(&setting(SettingKey::Name, text(hostile), text("b")))
            + row(&setting(SettingKey::AllowedSigners, text(hostile), parameter));
        let rows = rows.into_page();
        assert!(!rows.contains("<img"), "{rows}");
    }
}
