use proptest::prelude::*;

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../tests/data/ssh/", $name))
    };
}

const MESSAGE: &[u8] = fixture!("message").as_bytes();
const ED25519: &str = fixture!("ed25519.sig");
/// Everyone whose key is supported, with what they signed.
const SIGNED: [(&str, &str, &str); 6] = [
    ("ada", fixture!("ed25519.pub"), ED25519),
    ("bob", fixture!("ed25519-second.pub"), fixture!("ed25519-second.sig")),
    ("cyd", fixture!("ecdsa-p256.pub"), fixture!("ecdsa-p256.sig")),
    ("dan", fixture!("ecdsa-p384.pub"), fixture!("ecdsa-p384.sig")),
    ("eve", fixture!("sk-ed25519.pub"), fixture!("sk-ed25519.sig")),
    ("fay", fixture!("sk-ecdsa.pub"), fixture!("sk-ecdsa.sig")),
];

fn list() -> String {
    SIGNED.iter().map(|(name, key, _)| format!("{name}@example.org {key}")).collect()
}

fn everyone() -> AllowedSigners {
    AllowedSigners::parse(&list()).unwrap()
}

fn refused(signature: &str) -> SignatureError {
    everyone().verify(CHARTER_NAMESPACE, MESSAGE, signature).unwrap_err()
}

/// What is said of a list.
fn complaint(list: &str) -> String {
    AllowedSigners::parse(list).unwrap_err().to_string()
}

/// Ada's key behind `before`.
fn ada(before: &str) -> String {
    format!("{before} {}", fixture!("ed25519.pub"))
}

#[test]
fn every_supported_key_is_verified() {
    for (name, key, signature) in SIGNED {
        let signer = everyone().verify(CHARTER_NAMESPACE, MESSAGE, signature).unwrap();
        assert_eq!(signer.principals, [format!("{name}@example.org")]);
        assert_eq!(format!("{} test", signer.key), key.trim());
        assert_eq!((&signer.fingerprint[..7], signer.fingerprint.len()), ("SHA256:", 50));
    }
    let signer = everyone().verify(CHARTER_NAMESPACE, MESSAGE, fixture!("ed25519-sha256.sig")).unwrap();
    // As `ssh-keygen -l` shows it.
    assert_eq!(signer.fingerprint, "SHA256:zUc95L6rExivVjzaSKfWXkhr8HJw+5quEBtN3GIqxmw");
}

#[test]
fn other_messages_namespaces_and_keys_are_refused() {
    for (_, _, signature) in SIGNED {
        for message in [&b""[..], b"The charter of the next epoch.", b"The charter of the last epoch.\n"] {
            let error = everyone().verify(CHARTER_NAMESPACE, message, signature).unwrap_err();
            assert!(matches!(error, SignatureError::Mismatch { .. }), "{error}");
        }
        let error = everyone().verify("file", MESSAGE, signature).unwrap_err();
        assert!(matches!(error, SignatureError::Namespace { .. }), "{error}");
    }
    assert!(matches!(refused(fixture!("ed25519-file.sig")), SignatureError::Namespace { .. }));
    assert!(matches!(refused(fixture!("rsa.sig")), SignatureError::KeyType(_)));
    assert!(matches!(refused(fixture!("sk-ed25519-untouched.sig")), SignatureError::Untouched { .. }));
    let only_bob = AllowedSigners::parse(&format!("bob {}", fixture!("ed25519-second.pub"))).unwrap();
    let error = only_bob.verify(CHARTER_NAMESPACE, MESSAGE, ED25519).unwrap_err();
    let fingerprint = "SHA256:zUc95L6rExivVjzaSKfWXkhr8HJw+5quEBtN3GIqxmw".to_owned();
    assert_eq!(error, SignatureError::NotAllowed { fingerprint });
}

/// The armor's base64 is changed one bit at a time, whatever that makes of it.
#[test]
fn a_flipped_bit_anywhere_is_refused() {
    for signature in [ED25519, fixture!("sk-ed25519.sig"), fixture!("ecdsa-p256.sig")] {
        for bit in 0..signature.trim_end().len() * 8 {
            let mut damaged = signature.as_bytes().to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let Ok(damaged) = String::from_utf8(damaged) else { continue };
            let blank = |text: &str| text.split_ascii_whitespace().collect::<String>();
            // A line break that became another blank changes nothing.
            if blank(&damaged) != blank(signature) {
                assert!(everyone().verify(CHARTER_NAMESPACE, MESSAGE, &damaged).is_err(), "bit {bit}");
            }
        }
    }
}

#[test]
fn truncated_armor_is_refused() {
    for length in 0..ED25519.trim_end().len() {
        assert!(matches!(refused(&ED25519[..length]), SignatureError::Form { .. }), "{length} bytes");
    }
    for missing in 1..ED25519.lines().count() - 1 {
        let lines = ED25519.lines().enumerate().filter(|(line, _)| *line != missing);
        let text: Vec<&str> = lines.map(|(_, line)| line).collect();
        assert!(matches!(refused(&text.join("\n")), SignatureError::Form { .. }), "line {missing}");
    }
    assert!(matches!(refused(&(ED25519.to_owned() + ED25519)), SignatureError::Form { .. }));
    assert!(matches!(refused(&ED25519.repeat(100)), SignatureError::Form { .. }));
}

#[test]
fn armor_may_be_broken_elsewhere() {
    let crlf = ED25519.replace('\n', "\r\n");
    let body = ED25519.trim().strip_prefix(BEGIN).unwrap().strip_suffix(END).unwrap();
    let one_line = format!("  {BEGIN}\n{}\n{END}\n\n", body.replace('\n', ""));
    for text in [crlf, one_line, ED25519.replace('\n', "\n  ")] {
        everyone().verify(CHARTER_NAMESPACE, MESSAGE, &text).unwrap();
    }
}

#[test]
fn a_list_is_read_as_openssh_reads_it() {
    let text = format!(
        "# Who may sign\r\n\n\t \n  ada@example.org,ada {}{}\"bob, robert\"\t NameSpaces=\"file,apportion-*,!*-draft\"  {}",
        fixture!("ed25519.pub"),
        ada("# a comment"),
        fixture!("ed25519-second.pub").replace("test", "a longer comment, \"quoted"),
    );
    let allowed = AllowedSigners::parse(&text).unwrap();
    assert_eq!(allowed.text(), text);
    let names: Vec<_> = allowed.signers().map(|signer| signer.principals.join("+")).collect();
    assert_eq!(names, ["ada@example.org+ada", "bob+robert"]);

    let bob = fixture!("ed25519-second");
    for (namespace, may) in
        [("file", true), ("apportion-charter", true), ("apportion-draft", false), ("git", false)]
    {
        let verified = allowed.verify(namespace, MESSAGE, &sign(bob, namespace, MESSAGE).unwrap());
        match verified {
            Ok(signer) => assert!(may, "{signer}"),
            Err(error) => assert!(!may && matches!(error, SignatureError::NamespaceNotAllowed { .. })),
        }
    }
}

#[test]
fn a_list_that_cannot_be_is_refused_with_its_line() {
    for (list, said) in [
        (ada("ada cert-authority"), "line 1 lists an authority for certificates"),
        (ada("#\n\nada valid-before=\"20300101\""), "line 3 has the option `valid-before`"),
        (ada("ada namespaces=\"file\",valid-after=\"20300101\""), "`valid-after`, which cannot be kept"),
        (ada("ada namespaces=file"), "without a list in double quotes"),
        (ada("ada namespaces=\"\""), "an empty namespace"),
        (ada("ada namespaces=\"a\",namespaces=\"b\""), "`namespaces` twice"),
        (ada("ada namespaces=\"a\"b"), "has `b` after"),
        (ada("ada namespaces=\"a"), "never closed"),
        (ada("ada no-touch-required"), "unknown option `no-touch-required`"),
        (ada("ada,,bob"), "empty principal"),
        (ada("*@example.org"), "a pattern"),
        (ada("a\u{202e}da"), "invisible character U+202E"),
        (fixture!("ed25519.pub").to_owned(), "line 1 begins with a key: name who holds it before"),
        ("ada".to_owned(), "no key after"),
        ("ada ssh-ed25519".to_owned(), "or a damaged one"),
        ("ada ssh-ed25519 AAAA".to_owned(), "or a damaged one"),
        // The length before the key says more than there is.
        (ada("ada").replace("AAAAIJRA", "AAAAIZRA"), "or a damaged one"),
        (format!("ada {}", fixture!("rsa.pub")), "`ssh-rsa`, which is not supported"),
        (format!("ada {}", fixture!("ecdsa-p256-compressed.pub")), "or a damaged one"),
        (format!("ada {}", fixture!("ecdsa-p256.pub").replace("p256 ", "p384 ")), "or a damaged one"),
        (ada("ada") + &ada("bob"), "line 2 lists a key again, that of `ada` (SHA256:"),
        ("# nobody\n".to_owned(), "name no key"),
        ("#".repeat(MAX_LIST + 1), "262145 bytes"),
    ] {
        let complaint = complaint(&list);
        assert!(complaint.contains(said), "{complaint}\nis said of\n{list:.200}");
    }
}

/// The points of small order of edwards25519, in every encoding that is read (eprint.iacr.org/2020/1244, table 5), and
/// bytes that are no point.
#[test]
fn keys_with_which_anybody_can_sign_are_refused() {
    let hex = |text: &str| -> [u8; 32] {
        let bytes = (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap());
        bytes.collect::<Vec<_>>().try_into().unwrap()
    };
    let listed = |key: [u8; 32]| {
        let key = PublicKey::from(ssh_key::public::Ed25519PublicKey(key));
        format!("ada {}", key.to_openssh().unwrap())
    };
    let order_8 = [
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ];
    for text in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        order_8[0],
        order_8[1],
    ] {
        let complaint = complaint(&listed(hex(text)));
        assert!(complaint.contains("holds a key of small order"), "{text}: {complaint}");
    }
    let mut sign = hex(order_8[0]);
    sign[31] ^= 0x80;
    assert!(complaint(&listed(sign)).contains("holds a key of small order"));
    let mut no_point = [0; 32];
    no_point[0] = 2;
    assert!(complaint(&listed(no_point)).contains("is not a point of its curve"));

    // A hardware key is a point of the same curve.
    let mut identity = [0; 32];
    identity[0] = 1;
    let sk = ssh_key::public::SkEd25519::new(ssh_key::public::Ed25519PublicKey(identity), "ssh:");
    let sk = PublicKey::from(KeyData::SkEd25519(sk)).to_openssh().unwrap();
    assert!(complaint(&format!("ada {sk}")).contains("holds a key of small order"));
}

#[test]
fn what_is_signed_here_is_what_ssh_keygen_signs() {
    for (key, signature) in
        [(fixture!("ed25519"), ED25519), (fixture!("ed25519-second"), fixture!("ed25519-second.sig"))]
    {
        assert_eq!(sign(key, CHARTER_NAMESPACE, MESSAGE).unwrap(), signature);
    }
    for key in [fixture!("ecdsa-p256"), fixture!("ecdsa-p384")] {
        let signature = sign(key, CHARTER_NAMESPACE, MESSAGE).unwrap();
        assert_eq!(signature, sign(key, CHARTER_NAMESPACE, MESSAGE).unwrap());
        everyone().verify(CHARTER_NAMESPACE, MESSAGE, &signature).unwrap();
    }
}

#[test]
fn private_keys_that_cannot_sign_say_what_to_do() {
    for (key, said) in [
        (fixture!("ed25519-encrypted"), "`ssh-keygen -Y sign -n apportion-charter -f KEY FILE`"),
        (fixture!("rsa"), "the private key has the key type `ssh-rsa`, which is not supported"),
        (fixture!("ed25519.pub"), "is not in OpenSSH's format"),
        ("", "is not in OpenSSH's format"),
    ] {
        let error = sign(key, CHARTER_NAMESPACE, MESSAGE).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(sign(fixture!("ed25519"), "", MESSAGE), Err(SignatureError::NoNamespace));
}

#[test]
fn a_quorum_counts_keys() {
    let [(_, _, ada), (_, _, bob), (_, _, cyd), ..] = SIGNED;
    let count =
        |signatures: &[&str], required| everyone().quorum(CHARTER_NAMESPACE, MESSAGE, signatures, required);
    let names =
        |signers: Vec<Signer>| signers.into_iter().map(|signer| signer.principals.join(",")).collect();
    let signers: Vec<String> = names(count(&[cyd, ada, cyd], 2).unwrap());
    assert_eq!(signers, ["ada@example.org", "cyd@example.org"]);

    let again = count(&[ada, fixture!("ed25519-sha256.sig"), ada], 3).unwrap_err();
    assert_eq!(
        again.to_string(),
        "2 of 3 signatures are missing; signed by `ada@example.org` \
         (SHA256:zUc95L6rExivVjzaSKfWXkhr8HJw+5quEBtN3GIqxmw)"
    );
    assert_eq!(count(&[], 1).unwrap_err().to_string(), "1 of 1 signatures are missing; nobody signed");
    let bad = count(&[ada, bob, fixture!("ed25519-file.sig")], 2).unwrap_err();
    assert!(matches!(bad, SignatureError::OneOfMany { number: 3, .. }), "{bad}");
    for required in [0, 7, u32::MAX] {
        assert_eq!(count(&[ada], required), Err(SignatureError::Unreachable { required, able: 6 }));
    }
    let given = MAX_SIGNERS + 1;
    assert_eq!(count(&vec![ada; given], 1), Err(SignatureError::TooManySignatures { given }));
}

fn sliced(text: &'static str) -> impl Strategy<Value = String> {
    (0..text.len(), 0..text.len(), any::<char>()).prop_map(move |(from, to, c)| {
        let (before, after) = (text.get(..from).unwrap_or(""), text.get(to..).unwrap_or(""));
        format!("{before}{c}{after}")
    })
}

proptest! {
    #[test]
    fn no_text_is_too_strange_for_the_list(
        text in "(([a*!,\"]{0,4}|ssh-ed25519|namespaces=|sk-ssh|[=,\"# \t\n]|AAAA|\\PC){0,3} ?){0,8}",
    ) {
        if let Ok(allowed) = AllowedSigners::parse(&text) {
            prop_assert_eq!(allowed.text(), &text);
        }
    }

    #[test]
    fn no_damage_is_too_strange_for_the_list(list in sliced(fixture!("sk-ecdsa.pub"))) {
        let _ = AllowedSigners::parse(&format!("ada {list}"));
    }

    #[test]
    fn no_damage_is_too_strange_for_a_signature(signature in sliced(fixture!("ecdsa-p384.sig"))) {
        // Wrapped in another way it is the same signature: mail and editors do that.
        let unwrapped = |text: &str| text.split_whitespace().collect::<String>();
        prop_assume!(unwrapped(&signature) != unwrapped(fixture!("ecdsa-p384.sig")));
        prop_assert!(everyone().verify(CHARTER_NAMESPACE, MESSAGE, &signature).is_err());
    }

    #[test]
    fn no_body_is_too_strange_for_a_signature(body in "[A-Za-z0-9+/=\n ]{0,200}|\\PC{0,100}") {
        let signature = format!("{BEGIN}\n{body}\n{END}");
        prop_assert!(everyone().verify(CHARTER_NAMESPACE, MESSAGE, &signature).is_err());
    }

    #[test]
    fn no_damage_is_too_strange_for_a_private_key(key in sliced(fixture!("ed25519"))) {
        let _ = sign(&key, CHARTER_NAMESPACE, MESSAGE);
    }

    #[test]
    fn what_is_signed_is_verified(message: Vec<u8>, namespace in "\\PC{1,40}") {
        let signature = sign(fixture!("ed25519"), &namespace, &message).unwrap();
        prop_assert!(everyone().verify(&namespace, &message, &signature).is_ok());
        prop_assert!(everyone().verify(&namespace, &[&message[..], b"!"].concat(), &signature).is_err());
    }
}
