/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_RIG_H
#define CW_BROKER_RIG_H

#include <stdbool.h>

#include "broker/broker_internal.h"
#include "double_runspaces.h"
#include "double_sandbox.h"
#include "journal/writer.h"

/*
 * A broker with doubles on both sides: a sandbox that says what a test says, and
 * runspaces that answer when the test does. For tests of what is asked in which order,
 * and what is on the disk when.
 */
#define ID "6f1de2b0-6a3c-4d2a-9b1e-0000000000b1"
#define GET_USER "ActiveDirectory\\Get-ADUser"
#define SET_USER "ActiveDirectory\\Set-ADUser"
#define UNLOCK_ACCOUNT "ActiveDirectory\\Unlock-ADAccount"
#define GET_DOMAIN "ActiveDirectory\\Get-ADDomain"
#define GET_OBJECT "ActiveDirectory\\Get-ADObject"
#define GUID "267ab1aa-9a35-4ba5-890e-d8af0cbc2542"
#define USER_NAMED(account, more)                                                              \
	"<Obj RefId=\"0\"><Props><S N=\"DistinguishedName\">CN=" account ",DC=lab,DC=test</S>" \
	"<S N=\"Name\">n</S><S N=\"ObjectClass\">user</S><G N=\"ObjectGUID\">" GUID "</G>"     \
	"<S N=\"sAMAccountName\">" account "</S>" more "</Props></Obj>"
#define DOMAIN                                                                  \
	"<Obj RefId=\"0\"><Props><S N=\"DistinguishedName\">DC=lab,DC=test</S>" \
	"<S N=\"DomainSID\">S-1-5-21-1-2-3</S></Props></Obj>"
#define EN(key, value) "<En><S N=\"Key\">" key "</S>" value "</En>"
#define CONTROLLERS                                                \
	"<Obj RefId=\"0\"><Props><S N=\"DNSRoot\">lab.test</S><S " \
	"N=\"PDCEmulator\">pdc.lab.test</S>"                       \
	"<Obj N=\"ReplicaDirectoryServers\" "                      \
	"RefId=\"1\"><LST><S>dc1.lab.test</S></LST></Obj></Props></Obj>"
#define V(text) "<S N=\"Value\">" text "</S>"
#define ASK(entries) "causeway/1 <Obj RefId=\"0\"><DCT>" entries "</DCT></Obj>"
#define HEAD(id, name)                            \
	EN("verb", V("call"))                     \
	EN("id", "<I32 N=\"Value\">" id "</I32>") \
	EN("command", V(name))                    \
	EN("error_action", V("Continue")) EN("what_if", "<B N=\"Value\">false</B>")
#define ONE(name, text)                                                                       \
	"<Obj N=\"Value\" RefId=\"1\"><DCT><En><S N=\"Key\">" name "</S><S N=\"Value\">" text \
	"</S></En></DCT></Obj>"
#define READ(id) ASK(HEAD(id, "Get-ADUser") EN("parameters", ONE("Identity", "ada")))
#define ENTRY(name) \
	"<Obj><DCT><En><S N=\"Key\">Identity</S><S N=\"Value\">" name "</S></En></DCT></Obj>"
#define WRITE(id, names)                                               \
	ASK(HEAD(id, "Set-ADUser") EN("parameters", ONE("Title", "t")) \
		EN("input", "<Obj N=\"Value\" RefId=\"2\"><LST>" names "</LST></Obj>"))
#define BEHIND(id, after, names)                                       \
	ASK(HEAD(id, "Set-ADUser") EN("parameters", ONE("Title", "t")) \
		EN("after", "<I32 N=\"Value\">" after "</I32>")        \
		    EN("input", "<Obj N=\"Value\" RefId=\"2\"><LST>" names "</LST></Obj>"))
#define UNLOCK(id, names)                                                     \
	ASK(HEAD(id, "Unlock-ADAccount")                                      \
		EN("parameters", "<Obj N=\"Value\" RefId=\"1\"><DCT/></Obj>") \
		    EN("input", "<Obj N=\"Value\" RefId=\"2\"><LST>" names "</LST></Obj>"))
#define NEXT(id) ASK(EN("verb", V("next")) EN("id", "<I32 N=\"Value\">" id "</I32>"))
#define CANCEL(id) ASK(EN("verb", V("cancel")) EN("id", "<I32 N=\"Value\">" id "</I32>"))

extern struct broker_rig {
	uv_loop_t loop;
	char path[64];
	struct cw_journal *journal;
	struct cw_writer *writer;
	struct cw_roles *roles;
	struct cw_controller *controller;
	struct cw_broker *broker;
	struct cw_script *script;
	struct cw_buf lines;
	bool over;
	struct cw_err err;
	cJSON *result;
} t;

struct seen { /* of a command's records in the journal */
	const char *command;
	int begun, ended, unknown;
};

void until(const bool *what);
void pump(void); /* whatever is ready */
struct double_job *job(const char *command); /* the oldest one, when it is there */
void open_all(void);
void close_all(void);
void start_as(const char *id);
void begin(const char *name); /* a script, up to where its text runs */
void check_answer(const char *holds, const char *lacks);
void check_end(const char *state);
void answer_lookups(const char *user); /* those before the first write; NULL: there is nobody */
void answer_lookup(const char *user); /* the one before a later write */
struct seen seen(const char *command);

#endif
