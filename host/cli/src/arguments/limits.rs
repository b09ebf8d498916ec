//! What policies may take of this machine.

use clap::Args;

/// What policies may take of this machine, whatever their charters allow.
#[derive(Args)]
#[command(next_help_heading = "Limits of this machine")]
pub struct LimitArguments {
    /// How much memory all runs of policies may take together, as `8GiB`
    ///
    /// A run waits until its share is free. One whose charter allows it more than this is not begun, and the program says
    /// so. Without it half of the machine's memory, and 3 GiB at least. Results never depend
    /// on it.
    #[arg(long, value_name = "BYTES", value_parser = bytes, global = true)]
    pub max_memory: Option<u64>,

    /// How many seconds a policy may take to compile, and to run once [default: 300]
    ///
    /// A run that is stopped has no result: nothing is settled, and `verify` and `replay` report the epoch as not
    /// checked and go on.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub timeout: Option<u32>,
}

/// A number of bytes, as `512MiB`, `8GiB` or `8589934592`.
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => {
            return Err(
                "expected a number of bytes, as in `8GiB`: the units are KiB, MiB, GiB, TiB".to_owned()
            );
        }
    };
    let number: u64 =
        digits.parse().map_err(|_| "expected a whole number of bytes, as in `8GiB`".to_owned())?;
    let bytes = number.checked_mul(unit).ok_or("that is more than 64 bits hold")?;
    if bytes == 0 { Err("expected more than nothing".to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_with_their_units() {
        for (text, read) in [
            ("1", Ok(1)),
            ("512MiB", Ok(512 << 20)),
            ("8GiB", Ok(8 << 30)),
            ("0", Err(())),
            ("8GB", Err(())),
            ("GiB", Err(())),
            ("-1", Err(())),
            ("1.5GiB", Err(())),
            ("99999999999TiB", Err(())),
        ] {
            assert_eq!(bytes(text).map_err(|_| ()), read, "{text}");
        }
    }
}
