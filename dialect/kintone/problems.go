package kintone

import (
	"fmt"
	"slices"
	"strconv"

	"dossier"
)

// noteProblems says the problems of one record in the vendor's keys. at is "record" or "records[3]".
func noteProblems(in inputs, at string, c *dossier.Collection, problems []dossier.Problem) {
	for _, p := range problems {
		in.add(problemKey(at, c.Fields, p), problemMessage(p))
	}
}

// problemKey is the vendor's path of a problem: record.title.value, record.tags.values[1].value,
// record.lines.value[0].value.item.value. What is no number has brackets around its code.
func problemKey(at string, fields []*dossier.Field, p dossier.Problem) string {
	if len(p.Path) == 0 {
		return at
	}
	i := slices.IndexFunc(fields, func(f *dossier.Field) bool { return f.Name == p.Path[0] })
	if i < 0 {
		return at + "." + p.Path[0] + ".value"
	}
	f, rest := fields[i], p.Path[1:]
	if f.Type == dossier.TypeTable && len(rest) >= 2 {
		inner := dossier.Problem{Path: rest[1:], Code: p.Code, Params: p.Params}
		return problemKey(at+"."+f.Code+".value["+rest[0]+"].value", f.Fields, inner)
	}
	if p.Code == dossier.CodeNotNumber && typeOf(f) == typeNumber {
		return at + "[" + f.Code + "].value"
	}
	return at + "." + f.Code + valueKey(typeOf(f), p.Code, rest)
}

// valueKey is the end of a problem's path: where in the value of a type it lies.
func valueKey(t fieldType, code dossier.Code, index []string) string {
	listed := t == typeCheckBox || t == typeMulti || t == typeFile || t == typeUsers
	switch {
	case listed && len(index) > 0:
		return ".values[" + index[0] + "].value"
	case t == typeUsers:
		return ".values.value"
	case listed && code != dossier.CodeOption:
		return ".values"
	case listed:
		return ".values[0].value"
	}
	return ".value"
}

// plainTexts are the sentences of problems that need no numbers.
var plainTexts = map[dossier.Code]text{
	dossier.CodeRequired: textRequired, dossier.CodeNotUnique: textNotUnique, dossier.CodePattern: textPattern,
	dossier.CodeNotInteger: textInteger, dossier.CodeNotNumber: textNumber, dossier.CodeNotEmail: textEmail,
	dossier.CodeNotURL: textURL, dossier.CodeTaken: textTaken, codeNoValue: textNoValue,
}

func problemMessage(p dossier.Problem) message {
	if t, ok := plainTexts[p.Code]; ok {
		return say(t)
	}
	switch p.Code {
	case dossier.CodeTooLong:
		return say(textTooLong, shifted(p.Params["max"], 1))
	case dossier.CodeTooShort:
		return say(textTooShort, shifted(p.Params["min"], -1))
	case dossier.CodeTooBig:
		return say(textTooBig, p.Params["max"])
	case dossier.CodeTooSmall:
		return say(textTooSmall, p.Params["min"])
	case dossier.CodeOption:
		return say(textOption, p.Params["value"])
	case dossier.CodeTooMany:
		return say(textTooMany, p.Params["max"])
	case dossier.CodeNoRecord:
		return say(textNoUser, p.Params["id"])
	case dossier.CodeFileTooLarge:
		return say(textFileSize, p.Params["max"], p.Params["file"])
	case dossier.CodeFileType:
		return say(textFileType, p.Params["file"])
	case dossier.CodeNotImage:
		return say(textNotImage, p.Params["file"])
	}
	return say(textInvalid)
}

// shifted is the number n moved by d: the vendor says "less than 65", not "64 at most".
func shifted(n any, d int) any {
	if i, err := strconv.Atoi(fmt.Sprint(n)); err == nil {
		return i + d
	}
	return n
}
