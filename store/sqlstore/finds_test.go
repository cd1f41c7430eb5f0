package sqlstore

import (
	"strconv"
	"testing"
)

func TestWhatIsKnownOfValuesGrowsOldAndStaysSmall(t *testing.T) {
	t.Parallel()
	var k known
	if _, ok := k.get("a"); ok {
		t.Error("something is known of what was never asked")
	}
	k.put("a", true)
	k.put("b", false)
	for i := range goodFor {
		if many, ok := k.get("a"); !many || !ok {
			t.Fatalf("use %d: %t, %t", i, many, ok)
		}
	}
	if _, ok := k.get("a"); ok {
		t.Error("an answer is good for ever")
	}
	if many, ok := k.get("b"); many || !ok {
		t.Errorf("b: %t, %t", many, ok)
	}
	for i := range 3 * maxKnown {
		k.put(strconv.Itoa(i), true)
	}
	if len(k.by) > maxKnown {
		t.Errorf("%d values are known", len(k.by))
	}
}
