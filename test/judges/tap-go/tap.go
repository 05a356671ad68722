// Package tap writes the Test Anything Protocol. OCI's validation programs import a package of this name and shape
// that Debian does not have; this one has what they call.
package tap

import (
	"encoding/json"
	"fmt"
	"strings"
)

// T is one program's report.
type T struct {
	count *int
	// directive stands behind each test's description.
	directive string
}

func New() *T {
	return &T{count: new(int)}
}

// Header begins the report; with 0 the number of tests comes at its end, from AutoPlan.
func (t *T) Header(planned int) {
	fmt.Println("TAP version 13")
	if planned > 0 {
		fmt.Printf("1..%d\n", planned)
	}
}

func (t *T) AutoPlan() {
	fmt.Printf("1..%d\n", *t.count)
}

func (t *T) Ok(passed bool, description string) {
	*t.count++
	word := "ok"
	if !passed {
		word = "not ok"
	}
	fmt.Printf("%s %d - %s%s\n", word, *t.count, strings.ReplaceAll(description, "\n", " "), t.directive)
}

// Todo marks the tests that it reports as not written yet.
func (t *T) Todo() *T {
	return &T{count: t.count, directive: " # todo"}
}

func (t *T) Pass(description string) {
	t.Ok(true, description)
}

func (t *T) Fail(description string) {
	t.Ok(false, description)
}

func (t *T) Skip(count int, reason string) {
	for ; count > 0; count-- {
		*t.count++
		fmt.Printf("ok %d # SKIP %s\n", *t.count, reason)
	}
}

func (t *T) Diagnostic(message string) {
	for _, line := range strings.Split(message, "\n") {
		fmt.Println("#", line)
	}
}

func (t *T) Diagnosticf(format string, arguments ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, arguments...))
}

// YAML explains the test before it. JSON is YAML, and keeps what it quotes on its own line.
func (t *T) YAML(explanation interface{}) error {
	text, err := json.Marshal(explanation)
	if err != nil {
		return err
	}
	fmt.Printf("  ---\n  %s\n  ...\n", text)
	return nil
}
