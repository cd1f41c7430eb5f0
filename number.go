package dossier

import (
	"strconv"
	"strings"
)

// A Number is a decimal number as text, in plain notation with the digits that were written: "-0.50", "15", "9007199254740993".
// It never has an exponent, a plus sign or superfluous leading zeros.
type Number string

// maxNumberDigits bounds the digits of a Number, before and after the point together.
const maxNumberDigits = 400

// ParseNumber reads a decimal number, with or without sign, point and exponent, and surrounding blanks: "1.5e1" is "15".
// Trailing zeros after the point are kept. Anything else, an infinity or a number of more than 400 digits is Invalid.
func ParseNumber(s string) (Number, error) {
	n, ok := parseNumber(strings.TrimSpace(s))
	if !ok {
		return "", Errorf(Invalid, "not a decimal number")
	}
	return n, nil
}

func parseNumber(s string) (Number, bool) {
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if len(s) == 0 || s[0] == '-' || s[0] == '+' {
		return "", false
	}
	mantissa, exp, ok := splitExponent(s)
	if !ok {
		return "", false
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	if !allDigits(whole) || !allDigits(frac) || whole+frac == "" || len(whole)+len(frac) > 2*maxNumberDigits {
		return "", false
	}
	whole, frac = shift(whole, frac, exp)
	if len(strings.TrimLeft(whole, "0"))+len(frac) > maxNumberDigits {
		return "", false
	}
	return assemble(neg, whole, frac), true
}

func splitExponent(s string) (mantissa string, exp int, ok bool) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, 0, true
	}
	digits := strings.TrimPrefix(s[i+1:], "+")
	neg := strings.HasPrefix(digits, "-")
	digits = strings.TrimPrefix(digits, "-")
	if digits == "" || len(digits) > 4 || !allDigits(digits) {
		return "", 0, false
	}
	for _, d := range digits {
		exp = exp*10 + int(d-'0')
	}
	if exp > maxNumberDigits {
		return "", 0, false
	}
	if neg {
		exp = -exp
	}
	return s[:i], exp, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// shift moves the point between whole and frac by exp places.
func shift(whole, frac string, exp int) (string, string) {
	if exp > 0 {
		if len(frac) < exp {
			frac += strings.Repeat("0", exp-len(frac))
		}
		return whole + frac[:exp], frac[exp:]
	}
	if exp < 0 {
		if len(whole) < -exp {
			whole = strings.Repeat("0", -exp-len(whole)) + whole
		}
		cut := len(whole) + exp
		return whole[:cut], whole[cut:] + frac
	}
	return whole, frac
}

func assemble(neg bool, whole, frac string) Number {
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if strings.Trim(whole+frac, "0") == "" {
		neg = false
	}
	s := whole
	if frac != "" {
		s += "." + frac
	}
	if neg {
		s = "-" + s
	}
	return Number(s)
}

// parts splits n into its sign, its significant digits without leading and trailing zeros, and the exponent e for which
// n = ±0.digits × 10^e. Zero has no digits.
func (n Number) parts() (neg bool, digits string, exp int) {
	s := string(n)
	if strings.HasPrefix(s, "-") {
		neg, s = true, s[1:]
	}
	whole, frac, _ := strings.Cut(s, ".")
	whole = strings.TrimLeft(whole, "0")
	exp = len(whole)
	digits = whole + frac
	trimmed := strings.TrimLeft(digits, "0")
	exp -= len(digits) - len(trimmed)
	return neg, strings.TrimRight(trimmed, "0"), exp
}

// Compare is -1, 0 or 1 as n is less than, equal to or greater than m.
func (n Number) Compare(m Number) int { return strings.Compare(n.SortKey(), m.SortKey()) }

// SortKey is a text whose byte order is the order of numbers: equal numbers have equal keys. It is made of "!", "0" to "9" and "~".
//
// Zero is "1". A positive number is "2", its exponent plus 5000 in four digits, its digits. A negative one is "0", the nine's
// complement of the same, and "~", so that more digits sort first.
func (n Number) SortKey() string {
	neg, digits, exp := n.parts()
	if digits == "" {
		return "1"
	}
	b := make([]byte, 0, len(digits)+6)
	e := exp + 5000
	b = append(b, '2', byte('0'+e/1000), byte('0'+e/100%10), byte('0'+e/10%10), byte('0'+e%10))
	b = append(b, digits...)
	if neg {
		b[0] = '0'
		for i := 1; i < len(b); i++ {
			b[i] = '0' + '9' - b[i]
		}
		b = append(b, '~')
	}
	return string(b)
}

// Plain is n without trailing zeros after the point: the shortest text of the number.
func (n Number) Plain() string {
	s := string(n)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

// SentBack reports whether sent is n as a client returns it that keeps numbers in 64 bits and writes them as short as it can, perhaps with a
// ".0": what it does not say of n, zeros at the end and digits beyond those 64 bits, that client was never able to show.
func (n Number) SentBack(sent Number) bool {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return false
	}
	short, ok := parseNumber(strconv.FormatFloat(f, 'g', -1, 64))
	return ok && (sent == short || sent == short+".0")
}

// IsInteger reports whether n has no decimals but zeros.
func (n Number) IsInteger() bool { return !strings.Contains(n.Plain(), ".") }

// NumberFromKey is the number, in its shortest text, whose SortKey is key.
func NumberFromKey(key string) (Number, error) {
	bad := Errorf(Internal, "%q is no number key", key)
	if key == "1" {
		return "0", nil
	}
	if len(key) < 6 || key[0] != '0' && key[0] != '2' {
		return "", bad
	}
	neg := key[0] == '0'
	body := []byte(key[1:])
	if neg {
		body = body[:len(body)-1]
		for i := range body {
			body[i] = '0' + '9' - body[i]
		}
	}
	if !allDigits(string(body)) {
		return "", bad
	}
	exp := int(body[0]-'0')*1000 + int(body[1]-'0')*100 + int(body[2]-'0')*10 + int(body[3]-'0') - 5000
	whole, frac := shift("", string(body[4:]), exp)
	return assemble(neg, whole, frac), nil
}
