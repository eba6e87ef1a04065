//! Is the terminal's ground dark or light? It is asked once, and says when that changes.

/// OSC 11, as a question. The reader hears the answer, whenever it comes.
pub(super) const QUESTION: &str = "\x1b]11;?\x1b\\";
/// Mode 2031: `CSI ? 997 ; n n` comes with each change.
pub(super) const FOLLOW: &str = "\x1b[?2031h";
/// No more of that.
pub(super) const FOLLOW_NO_MORE: &str = "\x1b[?2031l";

/// Reads the answer: true for a dark ground. `None` for what is no answer to the question.
pub(super) fn answer(osc: &[u8]) -> Option<bool> {
    let osc = std::str::from_utf8(osc).ok()?.strip_prefix("\x1b]11;")?;
    let colour = osc.strip_suffix('\x07').or_else(|| osc.strip_suffix("\x1b\\"))?;
    let [red, green, blue] = channels(colour)?;
    // How bright it looks (Rec. 601), against the middle.
    Some(0.299 * red + 0.587 * green + 0.114 * blue < 0.5)
}

/// `rgb:R/G/B` with 1 to 4 digits each, `rgba:` with one more, `#RRGGBB`: each channel from 0 to 1.
fn channels(colour: &str) -> Option<[f64; 3]> {
    if let Some(hex) = colour.strip_prefix('#') {
        let size = hex.len() / 3;
        return Some([channel(hex.get(..size)?)?, channel(hex.get(size..2 * size)?)?, channel(hex.get(2 * size..)?)?]);
    }
    let mut parts = colour.strip_prefix("rgb:").or_else(|| colour.strip_prefix("rgba:"))?.split('/');
    Some([channel(parts.next()?)?, channel(parts.next()?)?, channel(parts.next()?)?])
}

fn channel(hex: &str) -> Option<f64> {
    let most = match hex.len() {
        1 => 0xf_u16,
        2 => 0xff,
        3 => 0xfff,
        4 => 0xffff,
        _ => return None,
    };
    Some(f64::from(u16::from_str_radix(hex, 16).ok()?) / f64::from(most))
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn luminance_decides() {
        for (osc, expected) in [
            ("\x1b]11;rgb:0000/0000/0000\x1b\\", Some(true)),
            ("\x1b]11;rgb:ffff/ffff/ffff\x07", Some(false)),
            ("\x1b]11;rgb:1e/1e/2e\x1b\\", Some(true)),
            ("\x1b]11;rgb:f/f/d\x1b\\", Some(false)),
            ("\x1b]11;rgba:fdfd/f6f6/e3e3/ffff\x1b\\", Some(false)),
            ("\x1b]11;#002b36\x1b\\", Some(true)),
            ("\x1b]11;rgb:0000/0000/ffff\x1b\\", Some(true)),
            ("\x1b]11;rgb:0000/ffff/0000\x1b\\", Some(false)),
            ("\x1b]10;rgb:ffff/ffff/ffff\x1b\\", None),
            ("\x1b]11;rgb:+fff/ffff\x1b\\", None),
            ("\x1b]11;#é\x1b\\", None),
            ("\x1b]11;\x1b\\", None),
        ] {
            assert_eq!(answer(osc.as_bytes()), expected, "{}", osc.escape_debug());
        }
    }
}
