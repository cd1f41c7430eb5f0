package kintone

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// A code is what an answer's "code" says.
type code string

// The vendor's codes, and those of dossier where the vendor is silent.
const (
	codeInput         code = "CB_VA01"
	codeJSON          code = "CB_IJ01"
	codeIllegal       code = "CB_IL02"
	codeNoHeader      code = "CB_JH01"
	codeLogin         code = "CB_AU01"
	codePassword      code = "CB_WA01"
	codeForbidden     code = "CB_NO02"
	codeForged        code = "CB_CS01"
	codeMultipart     code = "GAIA_HM02"
	codeNoToken       code = "GAIA_IA02"
	codeTwoTokens     code = "GAIA_DA03"
	codeTokenDenied   code = "GAIA_NO01"
	codeNoApp         code = "GAIA_AP01"
	codeNoRecord      code = "GAIA_RE01"
	codeNoKeyRecord   code = "GAIA_RE20"
	codeNoComment     code = "GAIA_RE02"
	codeNoFile        code = "GAIA_BL01"
	codeNoCursor      code = "GAIA_CN01"
	codeNoLookup      code = "GAIA_LO04"
	codeNoField       code = "GAIA_FC01"
	codeStale         code = "GAIA_CO02"
	codeAppStale      code = "GAIA_CO03"
	codeSameRow       code = "GAIA_SI01"
	codeQueryOperator code = "GAIA_IQ03"
	codeQueryTable    code = "GAIA_IQ07"
	codeQueryOption   code = "GAIA_IQ10"
	codeQueryField    code = "GAIA_IQ11"
	codeQueryDay      code = "GAIA_IQ23"
	codeQueryUnit     code = "GAIA_IQ25"
	codeQueryArgs     code = "GAIA_IL08"
	codeQueryLimit    code = "GAIA_QU01"
	codeQueryOffset   code = "GAIA_QU02"
	codeManyCursors   code = "GAIA_TM12"
	codeManyRequests  code = "GAIA_TO04"

	codeNoProcess  code = "DOSSIER_NO_PROCESS"
	codeNoPath     code = "DOSSIER_NOT_FOUND"
	codeMethod     code = "DOSSIER_METHOD"
	codeLongURL    code = "DOSSIER_URL_TOO_LONG"
	codeBigFile    code = "DOSSIER_FILE_TOO_LARGE"
	codeBigBody    code = "DOSSIER_BODY_TOO_LARGE"
	codeQuota      code = "DOSSIER_DISK_QUOTA"
	codeDiskFull   code = "DOSSIER_DISK_FULL"
	codeBusy       code = "DOSSIER_BUSY"
	codeManyLogins code = "DOSSIER_TOO_MANY_LOGINS"
	codeFault      code = "DOSSIER_INTERNAL"
)

// An answer is how a code is answered: its status and sentence in both languages, with the verbs of fmt.
type answer struct {
	status int
	en, ja string
}

// answers is the one table of codes.
var answers = map[code]answer{
	codeInput:         {400, "Missing or invalid input.", "入力内容が正しくありません。"},
	codeJSON:          {400, "Invalid JSON string.", "不正なJSON文字列です。"},
	codeIllegal:       {400, "Illegal request.", "不正なリクエストです。"},
	codeNoHeader:      {400, "The HTTP header X-Requested-With is required.", "HTTPヘッダーX-Requested-Withが必要です。"},
	codeLogin:         {401, "Please login.", "ログインしてください。"},
	codePassword:      {401, "Password authentication failed. The value in http header of X-Cybozu-Authorization is not valid.", "パスワード認証に失敗しました。HTTPヘッダー「X-Cybozu-Authorization」の値が正しくありません。"},
	codeForbidden:     {403, "No privilege to proceed.", "権限がありません。"},
	codeForged:        {403, "The request token is missing or not valid.", "リクエストトークンがないか、正しくありません。"},
	codeMultipart:     {400, "The HTTP request format to upload a file is not valid. The HTTP request must be in multipart format.", "アップロードするHTTPリクエストの形式が正しくありません。HTTPリクエストはマルチパート形式である必要があります。"},
	codeNoToken:       {400, "The specified API token does not match the API token generated via an app.", "指定したAPIトークンは、アプリで生成されたトークンと異なります。"},
	codeTwoTokens:     {400, "You cannot specify a duplicate API token for the same app.", "同じアプリのAPIトークンを重複して指定することはできません。"},
	codeTokenDenied:   {403, "Using this API token, you cannot run the specified API.", "このAPIトークンでは、指定したAPIを実行できません。"},
	codeNoApp:         {404, "The app (ID: %s) not found. The app may have been deleted.", "指定したアプリ（id: %s）が見つかりません。削除されている可能性があります。"},
	codeNoRecord:      {404, "The specified record (ID: %s) is not found.", "指定したレコード（id: %s）が見つかりません。"},
	codeNoKeyRecord:   {404, "No record has the value %[2]q in the field %[1]s.", "フィールド「%[1]s」の値が%[2]qのレコードが見つかりません。"},
	codeNoComment:     {400, "The specified comment (ID: %s) is not found.", "指定したコメント（id: %s）が見つかりません。"},
	codeNoFile:        {404, "The specified file (id: %s) not found.", "指定したファイル（id: %s）が見つかりません。"},
	codeNoCursor:      {404, "The specified cursor does not exist or has expired.", "指定したカーソルは存在しないか、既に有効期限が切れています。"},
	codeNoLookup:      {400, "The field %s refers to a record that does not exist: %s.", "フィールド「%s」の参照先のレコード（%s）が見つかりません。"},
	codeNoField:       {400, "The specified field (code: %s) is not found.", "指定したフィールド（code: %s）が見つかりません。"},
	codeStale:         {409, "The revision is not the latest. Someone may update a record.", "指定したrevisionは最新ではありません。ほかのユーザーがレコードを更新した可能性があります。"},
	codeAppStale:      {409, "The revision is not the latest. Someone may update the app settings.", "指定したrevisionは最新ではありません。ほかのユーザーがアプリの設定を更新した可能性があります。"},
	codeSameRow:       {400, "The table %s has the row id %s twice.", "テーブル「%s」に行ID（%s）が重複しています。"},
	codeQueryOperator: {400, "The operator %[2]q cannot be used for the field %[1]s.", "フィールド「%[1]s」には演算子%[2]qを使用できません。"},
	codeQueryTable:    {400, "The operator %[2]q cannot be used for the field %[1]s inside a table. Use in or not in.", "テーブル内のフィールド「%[1]s」には演算子%[2]qを使用できません。inまたはnot inを使用してください。"},
	codeQueryOption:   {400, "The field %s has no option %q.", "フィールド「%s」に選択肢%qはありません。"},
	codeQueryField:    {400, "The specified field (%s) is not found.", "指定したフィールド（%s）が見つかりません。"},
	codeQueryDay:      {400, "A day of a month in %s is 1 to 31, or LAST.", "%sの日は、1から31までの数、またはLASTです。"},
	codeQueryUnit:     {400, "%s does not take %q.", "%sに%qは指定できません。"},
	codeQueryArgs:     {400, "%s is not used as it must be.", "%sの指定が正しくありません。"},
	codeQueryLimit:    {400, "limit must be 500 or less.", "limitには500以下の数を指定してください。"},
	codeQueryOffset:   {400, "offset must be 10000 or less.", "offsetには10000以下の数を指定してください。"},
	codeManyCursors:   {429, "There are too many cursors. Delete one, or wait until one expires.", "カーソルの数が上限を超えています。"},
	codeManyRequests:  {429, "The number of concurrent API requests exceeds the limit.", "APIの同時リクエスト数が上限を超えています。"},

	codeNoProcess:  {400, "The app has no process management.", "このアプリではプロセス管理が有効になっていません。"},
	codeNoPath:     {404, "There is no API at this path.", "このパスにAPIはありません。"},
	codeMethod:     {405, "The API at this path does not take this method.", "このAPIでは、このメソッドを使用できません。"},
	codeLongURL:    {414, "The URL is too long. Send the parameters in a body, or by POST with X-HTTP-Method-Override.", "URLが長すぎます。"},
	codeBigFile:    {413, "The file is larger than the server takes.", "ファイルのサイズが上限を超えています。"},
	codeBigBody:    {413, "The request is larger than the server takes.", "リクエストのサイズが上限を超えています。"},
	codeQuota:      {413, "The disk quota is used up.", "ディスク使用量が上限を超えています。"},
	codeDiskFull:   {507, "The server's disk is full.", "サーバーのディスクに空きがありません。"},
	codeBusy:       {503, "The server is busy. Try again later.", "サーバーが混雑しています。しばらくしてから再度お試しください。"},
	codeManyLogins: {429, "There were too many wrong passwords. Try again in a minute.", "パスワードの誤りが続きました。しばらくしてから再度お試しください。"},
	codeFault:      {500, "The server failed. The id of this answer is in its log.", "サーバーでエラーが発生しました。"},
}

// A text names a sentence about one input.
type text string

// The sentences about inputs.
const (
	textParam      text = "param"
	textRequired   text = "required"
	textAtLeast1   text = "at least 1"
	textEnum       text = "enum"
	textNumber     text = "number"
	textNotUnique  text = "not unique"
	textTooLong    text = "too long"
	textTooShort   text = "too short"
	textTooBig     text = "too big"
	textTooSmall   text = "too small"
	textOption     text = "option"
	textPattern    text = "pattern"
	textInteger    text = "integer"
	textEmail      text = "email"
	textURL        text = "url"
	textTooMany    text = "too many"
	textNoUser     text = "no user"
	textFileSize   text = "file size"
	textFileType   text = "file type"
	textNotImage   text = "not image"
	textInvalid    text = "invalid"
	textNoValue    text = "no value"
	textAddMax     text = "add max"
	textUpdateMax  text = "update max"
	textDeleteMax  text = "delete max"
	textNeeded     text = "needed"
	textSyntax     text = "syntax"
	textQueryValue text = "query value"
	textQuerySort  text = "query sort"
	textQuerySize  text = "query size"
	textQueryCut   text = "query cut"
	textOneOf      text = "one of"
	textKeyField   text = "key field"
	textMaxItems   text = "max items"
	textIndex      text = "index"
	textRange      text = "range"
	textBulkAPI    text = "bulk api"
	textTokens     text = "tokens"
	textFieldType  text = "field type"
	textTaken      text = "taken"
	textCode       text = "code"
	textLayout     text = "layout"
	textBuiltin    text = "builtin"
	textHintUpload text = "hint upload"
)

// texts is the one table of sentences, in English and Japanese.
var texts = map[text][2]string{
	textParam:      {"Required field.", "必須です。"},
	textRequired:   {"Required.", "必須です。"},
	textAtLeast1:   {"must be greater than or equal to 1", "最小でも1以上です。"},
	textEnum:       {"must be one of the enum value", "Enum値のいずれかでなければなりません。"},
	textNumber:     {"Only numbers are allowed.", "数字でなければなりません。"},
	textNotUnique:  {"This value already exists in another record.", "値がほかのレコードと重複しています。"},
	textTooLong:    {"Enter less than %v characters.", "%v文字より短く入力してください。"},
	textTooShort:   {"Enter more than %v characters.", "%v文字より長く入力してください。"},
	textTooBig:     {"The value must be %v or less.", "%v以下である必要があります。"},
	textTooSmall:   {"The value must be %v or more.", "%v以上である必要があります。"},
	textOption:     {`The value, "%v", is not in options.`, "「%v」は選択肢にありません。"},
	textPattern:    {"The value does not have the form that the field asks for.", "フィールドに設定された形式と異なります。"},
	textInteger:    {"Only whole numbers are allowed.", "整数でなければなりません。"},
	textEmail:      {"Enter a valid e-mail address.", "メールアドレスの形式で入力してください。"},
	textURL:        {"Enter a valid URL.", "URLの形式で入力してください。"},
	textTooMany:    {"Enter %v at most.", "%v個以下にしてください。"},
	textNoUser:     {`The user, "%v", does not exist.`, "ユーザー「%v」は存在しません。"},
	textFileSize:   {`The file "%[2]v" is larger than %[1]v bytes.`, "ファイル「%[2]v」は%[1]vバイトを超えています。"},
	textFileType:   {`The type of the file "%v" is not allowed.`, "ファイル「%v」の種類は許可されていません。"},
	textNotImage:   {`The file "%v" is not an image.`, "ファイル「%v」は画像ではありません。"},
	textInvalid:    {"The value is not valid for the type of the field.", "フィールドの種類に合わない値です。"},
	textNoValue:    {`The key "value" is missing.`, "キー「value」がありません。"},
	textAddMax:     {"A maximum of 100 records can be added at one time.", "一度に100件まで追加できます。"},
	textUpdateMax:  {"A maximum of 100 records can be updated at one time.", "一度に100件まで更新できます。"},
	textDeleteMax:  {"Between 1 and 100 records can be deleted at one time.", "一度に1件から100件まで削除できます。"},
	textNeeded:     {"A required field of another record refers to this record.", "他のレコードの必須フィールドがこのレコードを参照しています。"},
	textSyntax:     {"The query cannot be read at character %v: %v.", "クエリの%v文字目が正しくありません（%v）。"},
	textQueryValue: {"The value %q does not fit the field %v.", "値%qはフィールド「%v」に使用できません。"},
	textQuerySort:  {"The field %v cannot be sorted by.", "フィールド「%v」では並べ替えできません。"},
	textQuerySize:  {"The query is too large.", "クエリが大きすぎます。"},
	textQueryCut:   {"must be greater than or equal to 0", "最小でも0以上です。"},
	textOneOf:      {"Specify either id or updateKey.", "idとupdateKeyのどちらか一方を指定してください。"},
	textKeyField:   {"The field must be a text (single-line) or number field without duplicate values.", "値の重複を禁止した文字列（1行）フィールドまたは数値フィールドを指定してください。"},
	textMaxItems:   {"A maximum of %v items is allowed.", "%v個まで指定できます。"},
	textIndex:      {"An index is 0 to 99.", "添字は0から99までです。"},
	textRange:      {"must be between %v and %v", "%vから%vまでの値です。"},
	textBulkAPI:    {"This API cannot be run in a bulk request.", "このAPIは一括処理できません。"},
	textTokens:     {"A maximum of 9 API tokens can be specified.", "APIトークンは9個まで指定できます。"},
	textFieldType:  {"This type of field is not offered.", "この種類のフィールドは使用できません。"},
	textTaken:      {"The code is in use.", "フィールドコードが重複しています。"},
	textCode:       {"A code has 1 to 128 letters, digits, _, $ and full-width signs.", "フィールドコードには、128文字以内の文字、数字、「_」、「$」、全角記号を使用してください。"},
	textLayout:     {"The layout must hold every field once.", "レイアウトにはすべてのフィールドを1回ずつ指定してください。"},
	textBuiltin:    {"This field cannot be added or removed.", "このフィールドは追加または削除できません。"},
	textHintUpload: {"This is the key of an upload: it attaches a file. Files are downloaded by the fileKey that a record holds.", "これはアップロード時のfileKeyです。ダウンロードにはレコードから取得したfileKeyを使用してください。"},
}

// A message is a sentence about an input, not yet in a language.
type message struct {
	text text
	args []any
}

func say(t text, args ...any) message { return message{t, args} }

func (m message) in(lang string) string {
	pair := texts[m.text]
	if lang == "ja" {
		return sprintf(pair[1], m.args)
	}
	return sprintf(pair[0], m.args)
}

func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// inputs are the sentences about a request's inputs, by the vendor's path of each.
type inputs map[string][]message

func (in inputs) add(key string, m message) { in[key] = append(in[key], m) }

// merge adds what other holds.
func (in inputs) merge(other inputs) {
	for key, messages := range other {
		in[key] = append(in[key], messages...)
	}
}

// A fault is an error in the vendor's terms.
type fault struct {
	code   code
	args   []any
	hint   text   // a sentence added to the code's own; "" for none
	inputs inputs // of codeInput
	allow  []string
	err    error // the cause, for the log
	begun  bool  // the body was being read when it was found
}

func fail(c code, args ...any) *fault { return &fault{code: c, args: args} }

// badInput is the fault of one input.
func badInput(key string, m message) *fault {
	return &fault{code: codeInput, inputs: inputs{key: {m}}}
}

func (f *fault) Error() string {
	s := string(f.code) + " " + sprintf(answers[f.code].en, f.args)
	for key, messages := range f.inputs {
		for _, m := range messages {
			s += "; " + key + ": " + m.in("en")
		}
	}
	return s
}

func (f *fault) Unwrap() error { return f.err }

// body is the fault's envelope in a language, under the id of this answer.
func (f *fault) body(lang, id string) map[string]any {
	a := answers[f.code]
	sentence := sprintf(a.en, f.args)
	if lang == "ja" {
		sentence = sprintf(a.ja, f.args)
	}
	if f.hint != "" {
		sentence += " " + say(f.hint).in(lang)
	}
	out := map[string]any{"code": string(f.code), "id": id, "message": sentence}
	if f.code == codeInput {
		fields := map[string]any{}
		for key, messages := range f.inputs {
			said := make([]string, len(messages))
			for i, m := range messages {
				said[i] = m.in(lang)
			}
			fields[key] = map[string]any{"messages": said}
		}
		out["errors"] = fields
	}
	return out
}

// byKind is what a dossier.Error is answered with where nothing more is known than its kind.
var byKind = map[dossier.Kind]code{
	dossier.Invalid:         codeInput,
	dossier.NotFound:        codeNoPath,
	dossier.Exists:          codeInput,
	dossier.Stale:           codeStale,
	dossier.Unauthenticated: codeLogin,
	dossier.TooLarge:        codeBigBody,
	dossier.QuotaExceeded:   codeQuota,
	dossier.Expired:         codeNoPath,
	dossier.Incomplete:      codeIllegal,
	dossier.Unsupported:     codeIllegal,
	dossier.Busy:            codeBusy,
	dossier.Full:            codeDiskFull,
	dossier.Canceled:        codeBusy,
}

// faultOf translates any error for the principal who caused it: the only place where a dossier.Kind becomes a code.
func faultOf(err error, who access.Principal) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	kind := dossier.KindOf(err)
	if kind == dossier.Denied {
		return &fault{code: deniedTo(who), err: err}
	}
	if c, ok := byKind[kind]; ok {
		return &fault{code: c, err: err}
	}
	return &fault{code: codeFault, err: err}
}

// deniedTo is how the vendor says no to that kind of principal.
func deniedTo(who access.Principal) code {
	if who.Kind == access.KindToken {
		return codeTokenDenied
	}
	return codeForbidden
}

const jsonType = "application/json;charset=utf-8"

// What is read of a refused request so that the client gets to read the answer.
const (
	drainLimit = 128 << 20 // bytes
	drainTime  = 2 * time.Minute
)

// drain reads what is left of a refused request that was answered: many clients look at an answer only when they have sent everything, and
// a connection that ends before takes the answer with it.
func drain(r *http.Request) {
	late := time.Now().Add(drainTime)
	buf := make([]byte, 32<<10)
	for left := drainLimit; left > 0 && time.Now().Before(late); {
		n, err := r.Body.Read(buf[:min(len(buf), left)])
		if left -= n; err != nil {
			return
		}
	}
}

// writeFault answers with the envelope of err, at once, and reads what the client goes on sending. Who waits to be told to send the body
// gets the answer instead.
func (h *handler) writeFault(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err, access.Guest())
	if r.Body != nil && r.Body != http.NoBody && (f.begun || r.Header.Get("Expect") == "") {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex() // or the body would be read first
		defer func() {
			_ = rc.Flush() // where that fails nobody is left to read
			drain(r)
		}()
	}
	id := newAnswerID(h.svc.Random())
	if f.code == codeFault {
		h.svc.Log().Error("request failed", "method", r.Method, "path", r.URL.Path, "answer", id, "error", err, "cause", f.err)
	}
	header := w.Header()
	for _, name := range []string{"Content-Disposition", "Content-Security-Policy", "Etag", "Last-Modified", "Content-Length"} {
		header.Del(name)
	}
	setCommon(header)
	header.Set("X-Cybozu-Error", string(f.code))
	for _, m := range f.allow {
		header.Add("Allow", m)
	}
	status := answers[f.code].status
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "10")
	}
	if err := wire.WriteJSON(w, status, jsonType, f.body(h.language(r), id), false); err != nil {
		h.svc.Log().Warn("answer not written", "error", err)
	}
}

// language is what the answer to r is written in.
func (h *handler) language(r *http.Request) string {
	if r.Header.Get("Accept-Language") == "" {
		return h.svc.Space().Settings.Language
	}
	return wire.AcceptLanguage(r, "en", "ja")
}

const answerIDLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newAnswerID is a fresh token of 20 letters and digits that names one answer.
func newAnswerID(random io.Reader) string {
	var b [20]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "00000000000000000000"
	}
	for i := range b {
		b[i] = answerIDLetters[int(b[i])%len(answerIDLetters)]
	}
	return string(b[:])
}
