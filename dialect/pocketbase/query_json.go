package pocketbase

import "encoding/json"

// jsonString is the string that the JSON document is, if it is one.
func jsonString(doc string) (string, bool) {
	if doc == "" || doc[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal([]byte(doc), &s)
	return s, err == nil
}
