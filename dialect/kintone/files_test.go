package kintone

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestFileFromUploadToDownload(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("テスト.txt", "hello")
	diff(t, "add", obj{"id": "1", "revision": "1"}, c.call(200, "POST", "/k/v1/record.json",
		obj{"app": 2, "record": obj{"title": val("One"), "添付": files(" " + key)}}))
	list := c.values(2, 1)["添付"]
	held := fileKeys(t, list)[0]
	diff(t, "value", []any{obj{"contentType": "text/plain", "fileKey": held, "name": "テスト.txt", "size": "5"}}, list)

	got := c.send(c.request("GET", "/k/v1/file.json?fileKey="+held, nil))
	diff(t, "bytes", "hello", got.body)
	diff(t, "disposition", `attachment; filename="=?UTF-8?B?44OG44K544OILnR4dA==?="; filename*=UTF-8''%E3%83%86%E3%82%B9%E3%83%88.txt`,
		got.header.Get("Content-Disposition"))
	for _, wrong := range []string{key, strings.Repeat("0", 49), "x"} {
		diff(t, "download by "+wrong, "GAIA_BL01", codeOf(c.call(404, "GET", "/k/v1/file.json?fileKey="+wrong, nil)))
	}
	diff(t, "second use", "GAIA_BL01", codeOf(c.call(404, "POST", "/k/v1/record.json",
		obj{"app": 2, "record": obj{"title": val("Two"), "添付": files(key)}})))
}

func TestRejectedWriteLeavesUploadUsable(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("a.txt", "a")
	c.call(400, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"attachment": files(key)}})
	c.call(404, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "attachment": files(key, key)}})
	c.call(404, "POST", "/k/v1/records.json", obj{"app": 2, "records": []obj{
		{"title": val("t"), "attachment": files(key)}, {"title": val("t"), "attachment": files(key)}}})
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "attachment": files(key)}})
	diff(t, "records", "1", c.call(200, "GET", "/k/v1/records.json?app=2&totalCount=true", nil)["totalCount"])
}

func TestKeysOfOtherFormsAttach(t *testing.T) {
	c := newClient(t, Options{})
	for i, form := range []func(string) string{
		func(id string) string { return id },
		func(id string) string { return id[:24] },
	} {
		key := c.upload("a.txt", "a")
		id := form(strings.ReplaceAll(key, "-", ""))
		got := c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "attachment": files(id)}})
		diff(t, "id", fmt.Sprint(i+1), got["id"])
	}
}

func TestUploadErrors(t *testing.T) {
	c := newClient(t, Options{})
	plain := c.request("POST", "/k/v1/file.json", `{}`)
	diff(t, "not multipart", "GAIA_HM02", codeOf(c.expect(400, plain)))
	tests := map[string][][3]string{
		"no file":        {{"other", "a.txt", "a"}},
		"a text field":   {{"file", "", "a"}},
		"two files":      {{"file", "a.txt", "a"}, {"file", "b.txt", "b"}},
		"name of a path": {{"file", "..", "a"}},
	}
	for name, parts := range tests {
		diff(t, name, "CB_IL02", codeOf(c.expect(400, c.uploadRequest(parts...))))
	}
	cut := c.uploadRequest([3]string{"file", "a.txt", strings.Repeat("a", 1000)})
	b, err := io.ReadAll(cut.Body)
	if err != nil {
		t.Fatal(err)
	}
	cut.Body = io.NopCloser(bytes.NewReader(b[:500]))
	diff(t, "cut off", "GAIA_HM02", codeOf(c.expect(400, cut)))
}
