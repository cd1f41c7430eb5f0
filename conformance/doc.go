// Package conformance plays readable transcripts of HTTP conversations against a running server and reports every
// difference. The transcripts in testdata are the contract of each dialect as its clients see it; they know nothing of
// how the server is made.
//
// A transcript is a text file. Lines that start with ## are remarks. Before the first step, lines of the form
//
//	@name = value
//
// set variables; @schema names the schema file in testdata that the server starts with. A step is a title, a request
// and what must come back:
//
//	# An uploaded file gets a temporary key.
//	POST /k/v1/file.json
//	X-Cybozu-API-Token: {{token}}
//	Content-Type: multipart/form-data; file=@hello.txt
//
//	200
//	Content-Type: application/json;charset=utf-8
//	{"fileKey": "{{key:uuid}}"}
//
// Request. Indented lines under the request line are query parameters, written plainly and percent-encoded when sent:
// "? app = 2", "& query = title = \"One\"". An indented line under a header continues it. After a blank line comes the
// body, to the blank line before the status. A body "< @name" is a file of testdata/files. A multipart Content-Type
// without a boundary lists the parts, separated by a semicolon and a blank: field=text, field="text; with signs",
// field=@file, field=<inline "text">, field=<zeros 1000>, each with optional ;filename=name and ;type=media/type (no
// blank; ;type=none sends none). With a boundary the body is sent as it stands, its lines ended by CR LF.
//
// A line "@ours reason" under the title marks where this server is better than the original product on purpose: played
// against that one, the step is sent, but its answer is not judged. docs/dialects lists every such reason.
//
// Response. The status (2xx for any of its class), headers that must be there, and the body. No body expectation means an empty body. JSON is
// compared by structure: keys and elements exactly, numbers by value; a key "..." allows further keys, a last element
// "..." further elements. Other text is compared exactly. "= @name" is the content of a file, "= size 1000" a length,
// "= sha256 hex" a digest, "= image 100x80 image/png" a picture of that size and type.
//
// Holes. {{name}} takes what is there the first time and is that value from then on, in requests too. {{any}} takes
// anything and forgets it. {{name:type}} also checks the form, {{:type}} only checks it; the types are in the table
// kinds. {{name~expr}} and {{~expr}} do the same with a regular expression. {{none}} as a header's value says that the
// header is absent. {{base}} and {{host}} are the server's origin and its host with port.
//
// Not here: the meaning of any endpoint, and any import of a package that serves one.
package conformance
