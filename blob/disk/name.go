package disk

import (
	"hash/crc32"
	"strings"

	"dossier/blob"
)

// shards is the number of directories the blobs are spread over. File systems lock a directory while a name is added.
const shards = 64

// blobSuffix ends the file name of every blob, so that what somebody else put into the directory is not taken for one.
const blobSuffix = ".blob"

// shardOf is the number of key's directory, by its first segment: all blobs of one upload lie together.
func shardOf(key string) int {
	first, _, _ := strings.Cut(key, "/")
	return int(crc32.ChecksumIEEE([]byte(first)) % shards)
}

// fileName is key as a file name. A key has no comma.
func fileName(key string) string {
	return strings.ReplaceAll(key, "/", ",") + blobSuffix
}

// keyOf is the key of the file called name in a shard, and false for a file that no Put made there.
func keyOf(shard int, name string) (string, bool) {
	base, ok := strings.CutSuffix(name, blobSuffix)
	if !ok || strings.Contains(base, "/") {
		return "", false
	}
	key := strings.ReplaceAll(base, ",", "/")
	return key, blob.CheckKey(key) == nil && shardOf(key) == shard
}
