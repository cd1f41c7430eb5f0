package knack

import (
	"strconv"
	"strings"

	"dossier"
)

// The vendor's field types.
const (
	shortText      = "short_text"
	paragraphText  = "paragraph_text"
	richText       = "rich_text"
	numberType     = "number"
	booleanType    = "boolean"
	dateTime       = "date_time"
	multipleChoice = "multiple_choice"
	emailType      = "email"
	linkType       = "link"
	phoneType      = "phone"
	fileType       = "file"
	imageType      = "image"
	connectionType = "connection"
	autoIncrement  = "auto_increment"
	personName     = "name"
	addressType    = "address"
	ratingType     = "rating"
)

// types are the vendor's type of every field type. A text of several lines is a paragraph_text.
var types = map[dossier.FieldType]string{
	dossier.TypeText: shortText, dossier.TypeRichText: richText, dossier.TypeNumber: numberType, dossier.TypeBool: booleanType,
	dossier.TypeDate: dateTime, dossier.TypeDateTime: dateTime, dossier.TypeTime: dateTime, dossier.TypeSelect: multipleChoice,
	dossier.TypeEmail: emailType, dossier.TypeURL: linkType, dossier.TypePhone: phoneType, dossier.TypeFile: fileType, dossier.TypeImage: imageType,
	dossier.TypeRelation: connectionType, dossier.TypeUser: connectionType, dossier.TypeTable: paragraphText, dossier.TypeJSON: paragraphText,
	dossier.TypeAutoNumber: autoIncrement, dossier.TypeName: personName, dossier.TypeAddress: addressType, dossier.TypeRating: ratingType,
}

// typeWords are what a message calls a value of a type.
var typeWords = map[string]string{
	shortText: "text", paragraphText: "text", richText: "text", numberType: "number", booleanType: "yes or no", dateTime: "date",
	multipleChoice: "choice", emailType: "email address", linkType: "URL", phoneType: "phone number", fileType: "file", imageType: "image",
	connectionType: "connection", autoIncrement: "number", personName: "name", addressType: "address", ratingType: "rating",
}

// typeOf is the vendor's type of f.
func typeOf(f *dossier.Field) string {
	if f.Type == dossier.TypeText && f.Multiline {
		return paragraphText
	}
	return types[f.Type]
}

func fieldKey(f *dossier.Field) string { return "field_" + strconv.FormatInt(f.Number, 10) }

func objectKey(c *dossier.Collection) string { return "object_" + strconv.FormatInt(c.Number, 10) }

// numberOf reads the number of a key such as field_12; 0 if key is none.
func numberOf(key, prefix string) int64 {
	digits, ok := strings.CutPrefix(key, prefix)
	if !ok || digits == "" || digits[0] < '1' || digits[0] > '9' {
		return 0
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// objectOf finds the collection that an object's key names; system collections and drafts are none.
func objectOf(space *dossier.Space, key string) (*dossier.Collection, bool) {
	n := numberOf(key, "object_")
	if n == 0 {
		return nil, false
	}
	c, ok := space.CollectionByNumber(n)
	if !ok || !isObject(c) {
		return nil, false
	}
	return c, true
}

// isObject reports whether the vendor's clients may know of c.
func isObject(c *dossier.Collection) bool { return c.Number > 0 && !c.System && !c.Draft }

// fieldOf finds the field of c that a key names, field_12 or field_12_raw.
func fieldOf(c *dossier.Collection, key string) (*dossier.Field, bool) {
	n := numberOf(strings.TrimSuffix(key, "_raw"), "field_")
	if n == 0 {
		return nil, false
	}
	return c.FieldByNumber(n)
}
