/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_COMMANDS_RIG_H
#define CW_COMMANDS_RIG_H

#include <stdbool.h>

#include <uv.h>

#include "double_runspaces.h"
#include "base/buf.h"
#include "commands/commands.h"
#include "commands/controller.h"
#include "commands/roles.h"
#include "journal/writer.h"
#include "wire/channel.h"

/*
 * What every test of the commands begins with: a wire in memory, a real journal, and
 * a double of the runspaces.
 */
#define AGENT "6f1de2b0-6a3c-4d2a-9b1e-0000000000aa"
#define OPERATION "6f1de2b0-6a3c-4d2a-9b1e-00000000000b"
#define GET_USER "ActiveDirectory\\Get-ADUser"
#define GET_DOMAIN "ActiveDirectory\\Get-ADDomain"
#define SET_USER "ActiveDirectory\\Set-ADUser"
#define DOMAIN                                                                                 \
	"<Obj RefId=\"0\"><Props><S N=\"DNSRoot\">lab.test</S>"                                \
	"<S N=\"PDCEmulator\">dc1.lab.test</S><Obj N=\"ReplicaDirectoryServers\" RefId=\"1\">" \
	"<LST><S>dc1.lab.test</S><S>DC2.lab.test</S></LST></Obj></Props></Obj>"
/* Two %s: the exception's type, and its message. */
#define ERROR_XML                                                                              \
	"<Obj RefId=\"0\"><MS><Obj N=\"Exception\" RefId=\"1\"><TN RefId=\"0\"><T>%s</T></TN>" \
	"<Props><S N=\"Message\">%s</S></Props></Obj></MS></Obj>"

#define RIG_VALID_MS 60000

/* In place of the broker: whether and where writes run. */
struct rig_place {
	int code; /* CW_OK: answered at once; CW_EAGAIN: by rig_placed(); or why it cannot be */
	int asked, cancelled;
	bool stays;
	void (*done)(void *run, const char *server, const char *warning, cJSON *failure);
	void *run;
};

extern struct rig {
	struct rig_place place;
	uv_loop_t loop;
	char path[128]; /* of the journal */
	struct cw_journal *journal;
	struct cw_writer *writer;
	struct cw_roles *roles;
	struct cw_controller *controller;
	struct cw_commands *commands;
	struct cw_wire *bridge, *agent; /* its two ends */
	uint8_t seal_public[32], seal_private[32];
	bool roles_changed;
	int64_t valid_ms; /* from now to not_after */
} rig;

void rig_start(void);
void rig_close(void); /* hangs up, ends the runspaces, closes the commands */
void rig_finish(void); /* after that: closes the rest, and checks that the loop is empty */
void rig_connect(void);
void rig_disconnect(void);
/* Everything that is under way arrives, and what it causes too. */
void rig_pump(void);
void rig_set(void *arg); /* sets the bool that arg points to */
void rig_until(const bool *what);

struct answer {
	struct cw_buf stream;
	int code; /* 1: none yet */
	char message[256];
	cJSON *result, *data;
	struct cw_wire_request *request;
	size_t pause_at;
};

/* A request of the bridge; what comes is in a. */
void rig_ask(struct answer *a, const char *method, const char *json);
/* command.run; parameters are the members of an object, more is "" or ",..." */
void rig_run(struct answer *a, const char *id, const char *command, const char *parameters,
    bool write, const char *more);
void rig_wait(const struct answer *a); /* until it is answered */
/* For a job to appear: its beginning may be on its way to the disk. */
struct double_job *rig_job(const char *command);
/* The answer where CW_EAGAIN was the first one; server NULL: the agent is being stopped. */
/* failure: JSON, or NULL */
void rig_placed(const char *server, const char *warning, const char *failure);
/* What command.query says of one id. */
const char *rig_query(struct answer *a, const char *id);
const char *answer_state(const struct answer *a); /* of its result */
void answer_free(struct answer *a);

#endif
