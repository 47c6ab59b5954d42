package demo

import (
	_ "embed"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/trial"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

//go:embed testdata/own.yaml
var ownFile []byte

// day is a number of calls written as the product writes them with a file, without Temporal.
type day struct {
	*show
	played []played
}

func own(content string) *Own {
	return &Own{Name: "own.yaml", Content: []byte(content)}
}

func newDay(t *testing.T, own *Own, calls int, shuffled bool) *day {
	t.Helper()
	s, err := newShow(Options{Own: own, Seed: 1})
	require.NoError(t, err)
	org := trial.Org(s.set.Needs())
	now := time.Now()
	org.APIKey, org.Budget, org.AllowDuplicates, org.Now = sandboxKey, 1_000_000, true, func() time.Time { return now }
	box := sandbox.New(org)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	client, err := kustomer.New(kustomer.Config{BaseURL: server.URL, APIKey: sandboxKey})
	require.NoError(t, err)
	s.stage = &Stage{Sandbox: box, Kustomer: client}
	require.NoError(t, s.invite(t.Context()))
	d := &day{show: s}
	for range calls {
		now = now.Add(time.Minute)
		story := s.simulator.Next(now)
		if shuffled {
			story = s.simulator.Shuffle(story)
		}
		d.write(t, story, now)
		d.played = append(d.played, played{Story: story})
	}
	return d
}

// write does a call's steps in the order in which its events are delivered.
func (d *day) write(t *testing.T, story simulator.Story, began time.Time) {
	t.Helper()
	var events []call.Event
	for _, step := range story.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		require.NoError(t, err)
		events = append(events, event.Report(began.Add(step.After)))
	}
	steps := activities.New(d.stage.Kustomer, func() *automation.Set { return d.set }, "")
	var conversation activities.Conversation
	record := call.Record{Key: story.Key, Started: began, Limits: call.Limits{
		Bridge: time.Hour, End: time.Hour, Settle: 20 * time.Second, Recording: 10 * time.Second,
	}}
	require.NoError(t, trial.Play(&record, events, func(step call.Step, _ time.Time) (call.Done, error) {
		do := steps.UpdateConversation
		if step.Has(call.Rang) {
			do = steps.CreateConversation
		}
		result, err := do(t.Context(), activities.StepInput{Step: step, Conversation: conversation})
		conversation = result.Conversation
		return call.Done{Conversation: conversation.ID != "", Expects: result.Expects, Agents: result.Agents, Placer: result.Placer}, err
	}))
}

func TestOwnFileIsJudgedRight(t *testing.T) {
	for name, shuffled := range map[string]bool{"as it happens": false, "shuffled and repeated": true} {
		d := newDay(t, own(string(ownFile)), 80, shuffled)
		report := d.compare(t.Context(), d.played)
		require.Empty(t, report.Lost, name)
		require.Empty(t, report.Doubled, name)
		require.Empty(t, report.Wrong, name)
		require.Positive(t, report.Unopened, "the file opens none for British callers")
		require.Equal(t, []trial.Automation{{Line: 61, Event: "call.finished", Label: "Never"}}, d.renderer.marked.Unreached(), name)
	}
}

func TestSharedConversationsAreJudgedByNotes(t *testing.T) {
	d := newDay(t, own(strings.Replace(string(ownFile), "automations:", "callers: { returning: { policy: append, within: 72h } }\nautomations:", 1)), 120, false)
	report := d.compare(t.Context(), d.played)
	require.Empty(t, slices.Concat(report.Lost, report.Doubled, report.Wrong))
	require.Positive(t, report.Shared)

	holdings := holdingsOf(d.stage.Sandbox.State(), d.stage.Kustomer)
	i := slices.IndexFunc(d.played, func(one played) bool { return holdings[externalID(one.Key)].shared })
	is := holdings[externalID(d.played[i].Key)]
	is.notes = is.notes[:len(is.notes)-1]
	problems, _ := d.judge(d.played[i].Story, is)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "the notes lack")
}

func TestFirstAgentFileIsJudgedRight(t *testing.T) {
	const file = `automations:
  - { event: call.inbound, action: kustomer.conversation.create, options: { name: Call } }
  - { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: ["{agent.sourceId}"], note: "{agent.name}" } }
`
	for _, shuffled := range []bool{false, true} {
		d := newDay(t, own(file), 80, shuffled)
		report := d.compare(t.Context(), d.played)
		require.Empty(t, slices.Concat(report.Lost, report.Doubled, report.Wrong))
		require.Equal(t, shuffled, d.renderer.handedOn > 0, "in another order it is another's")
	}
}

func TestAppendingFileNeedsTheSandbox(t *testing.T) {
	client, err := kustomer.New(kustomer.Config{BaseURL: "https://acme.api.kustomerapp.com", APIKey: "key"})
	require.NoError(t, err)
	const file = "callers: { returning: { policy: append } }\nautomations: [{ event: call.inbound, action: kustomer.conversation.create, options: {} }]"
	_, err = newShow(Options{Own: own(file), Kustomer: client})
	require.ErrorContains(t, err, "for the sandbox only")
}

// The demo's usual automations are judged by fixed expectations. Rendering their file must
// give the same result.
func TestRenderingMatchesFixedExpectations(t *testing.T) {
	d := newDay(t, own(string(usualAutomations)), 80, true)
	require.Empty(t, d.compare(t.Context(), d.played).Wrong)
	d.judge = judgeUsual
	require.Empty(t, d.compare(t.Context(), d.played).Wrong)
}

func TestDifferenceFromOwnFileIsReported(t *testing.T) {
	const file = `automations:
  - event: call.inbound
    action: kustomer.conversation.create
    options: { name: Call, tags: [ring], priority: 2, assignedTeams: [5f0c1a2b3c4d5e6f70819220], custom: { callIdStr: "{call.id}" } }
  - { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: ["{agent.sourceId}"], note: "{agent.name}" } }
  - { event: call.finished, action: kustomer.message.create, options: { subject: "{call.outcome}" } }
`
	d := newDay(t, own(file), 1, false)
	state := d.stage.Sandbox.State()
	story := d.played[0].Story
	require.True(t, story.Want.Answered())
	right := holdingsOf(state, d.stage.Kustomer)[externalID(story.Key)]
	problems, opens := d.judge(story, right)
	require.Empty(t, problems)
	require.True(t, opens)
	for says, broken := range map[string]func(*found){
		`the notes lack ["bridged: `: func(f *found) { f.notes = nil },
		`the notes have ["bridged: Bob"] besides`: func(f *found) {
			f.notes = append(f.notes, kustomer.Note{ExternalID: "babelforce:k:bridged-2", Body: "Bob"})
		},
		`the assigned users lack ["`:                     func(f *found) { f.assignedUsers = nil },
		`the assigned users have ["5f0c"] besides`:       func(f *found) { f.assignedUsers = append(f.assignedUsers, "5f0c") },
		`the tags lack ["ring"]`:                         func(f *found) { f.tags = []string{} },
		`the tags have ["lost"] besides`:                 func(f *found) { f.tags = append(f.tags, "lost") },
		`the assigned teams lack`:                        func(f *found) { f.assignedTeams = nil },
		`the name is Ring instead of Call`:               func(f *found) { f.name = "Ring" },
		`the status is done instead of open`:             func(f *found) { f.status = "done" },
		`the direction is out instead of in`:             func(f *found) { f.direction = "out" },
		`the priority is 0 instead of 2`:                 func(f *found) { f.priority = 0 },
		`the attributes is {} instead of {"callIdStr":"`: func(f *found) { f.custom = nil },
		`the entries on the timeline lack`:               func(f *found) { f.messages = f.messages[:0] },
		`belongs to another customer`:                    func(f *found) { f.phones = nil },
	} {
		is := right
		is.notes, is.tags, is.assignedUsers = append([]kustomer.Note{}, is.notes...), append([]string{}, is.tags...), append([]string{}, is.assignedUsers...)
		broken(&is)
		problems, _ := d.judge(story, is)
		require.Contains(t, strings.Join(problems, "; "), says)
	}
	unreported := story
	unreported.Want.Bridges = append(slices.Clone(story.Want.Bridges), simulator.Bridge{})
	problems, _ = d.judge(unreported, right)
	require.Equal(t, []string{"the reports make 2 pick-ups, of 3 that there were"}, problems)

	right.tags = nil // the API of the real Kustomer shows less
	right.name, right.status = "", ""
	problems, _ = d.judge(story, right)
	require.Empty(t, problems)
}
