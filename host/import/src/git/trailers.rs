//! The lines `Key: value` that end a message, found by the rules of `git interpret-trailers`.

/// The trailers of a message, in order: key as written, value in one line.
pub(super) fn trailers(message: &str) -> Vec<(&str, String)> {
    let mut lines: Vec<&str> = message.lines().collect();
    lines.truncate(end(&lines));
    let mut found: Vec<(&str, String)> = Vec::new();
    // Whether the line before belongs to a trailer, so that an indented one continues it.
    let mut is_open = false;
    for line in lines.get(block(&lines)..).unwrap_or_default() {
        if line.starts_with('#') {
            continue;
        }
        if continues(line) {
            if let (true, Some((_, value))) = (is_open, found.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some(end) = key_end(line) {
            let (key, value) = line.split_at(end);
            found.push((key.trim_end(), value.strip_prefix(':').unwrap_or(value).trim().to_owned()));
            is_open = true;
        } else {
            is_open = false;
        }
    }
    found
}

/// Where blank lines, comments and a list of conflicts begin that end the message.
fn end(lines: &[&str]) -> usize {
    let (mut end, mut in_conflicts) = (None, false);
    for (number, line) in lines.iter().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            end = end.or(Some(number));
        } else if *line == "Conflicts:" {
            in_conflicts = true;
            end = end.or(Some(number));
        } else if !(in_conflicts && line.starts_with('\t')) {
            (end, in_conflicts) = (None, false);
        }
    }
    end.unwrap_or(lines.len())
}

/// Where the block of trailers begins: the last paragraph, unless it is the title, if all its lines are trailers, or
/// one is of those that git writes itself and every fourth is a trailer. Else the end.
fn block(lines: &[&str]) -> usize {
    let is_blank = |line: &str| line.trim().is_empty();
    let title = lines.iter().position(|line| !line.starts_with('#') && is_blank(line)).unwrap_or(lines.len());
    let (mut trailers, mut others, mut continuing) = (0_usize, 0_usize, 0_usize);
    let (mut by_git, mut only_blank) = (false, true);
    for (number, line) in lines.iter().enumerate().skip(title).rev() {
        if line.starts_with('#') {
            others += continuing;
            continuing = 0;
        } else if is_blank(line) {
            if only_blank {
                continue;
            }
            others += continuing;
            let is_block = if by_git { trailers * 3 >= others } else { trailers > 0 && others == 0 };
            return if is_block { number + 1 } else { lines.len() };
        } else {
            only_blank = false;
            if line.starts_with("Signed-off-by: ") || line.starts_with("(cherry picked from commit ") {
                trailers += 1;
                continuing = 0;
                by_git = true;
            } else if continues(line) {
                continuing += 1;
            } else if key_end(line).is_some() {
                trailers += 1;
                continuing = 0;
            } else {
                others += 1 + continuing;
                continuing = 0;
            }
        }
    }
    lines.len()
}

fn continues(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

/// Where the colon is, if what stands before it is a key: letters, digits and hyphens, then perhaps blanks.
fn key_end(line: &str) -> Option<usize> {
    let end = line.find(':')?;
    let key = line.get(..end)?.trim_end_matches([' ', '\t']);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!key.is_empty() && key.chars().all(plain)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_paragraph_has_trailers() {
        let told = trailers("Title\n\nA: 1\n\nB: 2\nC-d :3\n  and more\n\n");
        assert_eq!(told, [("B", "2".to_owned()), ("C-d", "3 and more".to_owned())]);
        assert!(trailers("Title: x").is_empty());
        assert!(trailers("").is_empty());
        assert!(trailers("Title\n\nSee: this\nis text").is_empty());
        assert!(trailers("Title\n\nhttps//x y: this").is_empty());
    }

    #[test]
    fn what_git_writes_makes_a_block_among_text() {
        let told = trailers(
            "Title\n\nsome\nSigned-off-by: A <a@x>\n[what else\n  changed]\n# comment\nAcked-by: B <b@x>",
        );
        assert_eq!(told, [("Signed-off-by", "A <a@x>".to_owned()), ("Acked-by", "B <b@x>".to_owned())]);
        let told = trailers("Title\n\nAcked-by: B <b@x>\n\nConflicts:\n\tsrc/a\n\n# On branch main\n");
        assert_eq!(told, [("Acked-by", "B <b@x>".to_owned())]);
        assert!(trailers("Title\n\n1\n2\n3\n4\nSigned-off-by: A <a@x>").is_empty());
    }
}
