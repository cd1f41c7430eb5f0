package pocketbase

import (
	"encoding/json"
	"strings"

	"dossier"
	"dossier/core"
)

// msgCronParts is what is said of an expression with more or fewer parts than five.
const msgCronParts = "Invalid cron expression - must be a valid macro or to have exactly 5 space separated segments."

// check puts what is wrong with s into data.
func (s backupSettings) check(data map[string]any) {
	if s.Cron != "" {
		if _, err := core.ParseSchedule(s.Cron); err != nil {
			message := "Invalid cron expression - " + err.Error() + "."
			if strings.Count(s.Cron, " ") != 4 {
				message = msgCronParts
			}
			nest(data, []string{"backups", "cron"}, fault{Code: "validation_invalid_cron", Message: message})
		}
		if s.CronMaxKeep == 0 {
			nest(data, []string{"backups", "cronMaxKeep"}, blank)
		}
	}
	if s.CronMaxKeep < 0 {
		nest(data, []string{"backups", "cronMaxKeep"}, noLess(1))
	}
}

// setBackupPlan makes the plan of the space what the settings say.
func setBackupPlan(extra map[string]string, s settings) error {
	if s.Backups.Cron == "" {
		delete(extra, core.BackupPlan)
		return nil
	}
	text, err := json.Marshal(core.Plan{Cron: s.Backups.Cron, Keep: s.Backups.CronMaxKeep, Prefix: plannedPrefix, Label: s.label()})
	if err != nil {
		return dossier.Errorf(dossier.Internal, "the plan of backups: %w", err)
	}
	extra[core.BackupPlan] = string(text)
	return nil
}
