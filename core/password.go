package core

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"dossier"
	"dossier/access"
)

// The cost of a password hash: argon2id with 19 MiB, two passes, one lane. OWASP, "Password Storage Cheat Sheet", argon2id.
const (
	hashTime    = 2
	hashMemory  = 19 * 1024 // KiB
	hashLanes   = 1
	hashBytes   = 32
	saltBytes   = 16
	maxPassword = 512 // bytes; more is never right
)

// HashPassword encodes a password for keeping, at the wish of who. At most a few are hashed at a time: Busy if too many wait already,
// Canceled if ctx ends while waiting.
func (s *Service) HashPassword(ctx context.Context, who access.Principal, password string) (string, error) {
	if len(password) > maxPassword {
		return "", dossier.Invalidate(dossier.Problem{Path: []string{"password"}, Code: dossier.CodeTooLong, Params: map[string]any{"max": maxPassword}})
	}
	free, err := s.hashing.slot(ctx, s.place(who.Request.Remote))
	if err != nil {
		return "", err
	}
	defer free()
	return hashPassword(s.random, password)
}

func hashPassword(random io.Reader, password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", err
	}
	sum := argon2.IDKey([]byte(password), salt, hashTime, hashMemory, hashLanes, hashBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashTime, hashLanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// checkPassword reports whether password is the account's, for somebody at that place. Accounts that were brought along from elsewhere
// may have a bcrypt hash. Errors as of HashPassword.
func (s *Service) checkPassword(ctx context.Context, place string, a *dossier.Account, password string) (bool, error) {
	free, err := s.hashing.slot(ctx, place)
	if err != nil {
		return false, err
	}
	defer free()
	if strings.HasPrefix(a.PasswordHash, "$2") {
		return bcrypt.CompareHashAndPassword([]byte(a.PasswordHash), []byte(password)) == nil, nil
	}
	return checkArgon2(a.PasswordHash, password), nil
}

// The bounds within which an encoded hash's own parameters are believed.
const (
	maxHashMemory = 256 * 1024
	maxHashTime   = 16
)

func checkArgon2(encoded, password string) bool {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || len(password) > maxPassword {
		return false
	}
	var version, memory, passes, lanes int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false
	}
	if memory < 8 || memory > maxHashMemory || passes < 1 || passes > maxHashTime || lanes < 1 || lanes > 16 {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) == 0 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, uint32(passes), uint32(memory), uint8(lanes), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}
