/*
 * The effect protocol (docs/effects.md), checked exhaustively by Spin.
 *
 * One effect of one order, two engines on one journal, a far side that is late and forgetful, lists
 * that are stale, crashes anywhere and as often as one likes. Names are those of
 * EffectProtocol+Decide.swift; `[decide: answer]` names the function that a step stands for.
 *
 * -DBREAK_… breaks an assumption of docs/effects.md, -DBUG_… breaks the protocol; every one of them must
 * be found. -DASSIGN checks the class `assign`; without it the model is `tagged_create`, whose machine is
 * that of `natural_create` too. -DLIVE adds the question whether an order can get stuck.
 * Scripts/check-model runs them all; README.md explains what stands for what.
 */

/* ---- Times, in ticks: short, so that the search is small, and each longer than one tick. */
#define DEADLINE 2
#define BOUND    2                      /* server_bound */
#define INTERVAL 2                      /* probe_interval */
#define ATTEMPTS 3                      /* attempts of the retry schedule */
#define OUTAGE   2                      /* calls turned away, and looks that failed, in all */

#ifndef BREAK_SLOW_SERVER
#define LATE BOUND                      /* how late after its deadline a call may take effect */
#else
#define LATE (BOUND + INTERVAL + 1)
#endif
#ifndef STALE                           /* how long a list may not show what took effect */
#ifndef BREAK_STALE_LIST
#define STALE INTERVAL
#else
#define STALE (INTERVAL + 1)
#endif
#endif
#ifndef VARIANT_RECOVER_EARLY
#define MAY_RECOVER (J.settles == 0)    /* recoverAt */
#else
#define MAY_RECOVER true
#endif
#ifndef BUG_ONE_LOOK
#define LOOKS 2                         /* absencesNeeded */
#else
#define LOOKS 1
#endif

/* ---- The journal: durable, changed in one step or not at all. */
mtype = { READY, INTENDED, UNCERTAIN, PARKED, SETTLED };                   /* Phase */
mtype = { NOTHING, CONFIRMED, REFUSED, TURNED_AWAY, UNKNOWN };             /* Outcome */
mtype = { FOUND, ABSENT, UNCLEAR, UNREACHABLE };                           /* Finding */
mtype = { STOPPED, IDLE, BEGINNING, SENDING, WAITING, RECORDING, LOOKING }; /* an engine's place */
mtype = { IN_DOUBT, POISON };                                              /* ParkedKind */

#define NOBODY 2

typedef Journal {
    mtype phase = READY;
    mtype kind;                 /* while parked */
    byte counted;               /* countedAttempts */
    byte absences;              /* absenceCount */
    byte outage;                /* stands for now - waitingSince, against outageMaximum */
    byte due;                   /* ticks until ready(at:) or uncertain(probeAt:) */
    byte settles;               /* ticks until settlesAt, which is also recoverAt */
    /* Epochs are only ever compared with the newest one and with one's own. So the newest epoch is
       the engine that drew it, and an intent's epoch the engine that made it, or NOBODY once that
       engine has started anew. This needs no numbers: crashes and starts are not counted. */
    byte owner = NOBODY;
    byte epoch = NOBODY;
};

#ifndef BREAK_COPIED_JOURNAL
#define JOURNALS 1
#define J journal[0]
#else
#define JOURNALS 2                      /* a copy of the directory runs beside the original */
#define J journal[me]
#endif
Journal journal[JOURNALS];
bool fresh[2];                          /* whether what an engine has loaded is the newest version */

/* ---- The engines' memory: lost with them. */
mtype at[2] = STOPPED;
mtype outcome[2] = NOTHING;             /* while recording */
mtype finding[2] = ABSENT;              /* while looking */
byte left[2];                           /* ticks until the deadline of the call */
mtype reply[2] = NOTHING;               /* what has come in on the connection */

/* ---- The far side. A call in slot s may take effect in each of the next life[s] ticks. */
#define SLOTS 2
byte life[SLOTS];
byte caller[SLOTS] = NOBODY;            /* whose connection is still open */
byte done;                              /* how often the effect took place */
byte unseen;                            /* ticks until the lists are sure to show it */
bool calm;                              /* from here on no engine dies or is started beside another */
#define DEAD (life[0] == 0 && life[1] == 0)

/* ---- Promises. */
#define at_most_once          (done <= 1)
#define confirmed_is_done     (done >= 1)
#define refused_is_not_done   (done == 0)
#define only_the_owner_writes (J.owner == me)

/* A commit compares epoch and version (Batch.apply, InMemoryStore.commit). */
#if defined(BUG_NO_EPOCH)
#define may_commit(version) (version)
#elif defined(BUG_NO_FENCE)
#define may_commit(version) true
#else
#define may_commit(version) (J.owner == me && (version))
#endif
inline wrote() {
#if !defined(BUG_NO_FENCE) && !defined(BUG_OLD_ANSWER)
    assert(only_the_owner_writes);
#endif
    fresh[0] = false; fresh[1] = false
}

inline hang_up() {                      /* the connection closes; the call itself may go on */
    reply[me] = NOTHING; left[me] = 0;
    if :: caller[0] == me -> caller[0] = NOBODY :: else fi;
    if :: caller[1] == me -> caller[1] = NOBODY :: else fi
}
inline forget() {                       /* Misplaced, or not needed any more */
    hang_up(); outcome[me] = NOTHING; finding[me] = ABSENT; fresh[me] = false
}
inline die() { forget(); at[me] = STOPPED; printf("engine %d is gone\n", me) }

inline send(rest) {                     /* one call; a further one than there are slots is lost */
    printf("engine %d sends\n", me);
    if
    :: life[0] == 0 -> life[0] = rest + LATE; caller[0] = me
    :: life[0] != 0 && life[1] == 0 -> life[1] = rest + LATE; caller[1] = me
    :: else
    fi
}

inline park(why) { J.phase = PARKED; J.kind = why; J.due = 0; printf("  parked\n") }
inline settled() { J.phase = SETTLED; J.due = 0; printf("  settled\n") }

/* ---- [decide: intent] and [evolve: intended] */
inline intend() {
    J.phase = INTENDED;
    J.counted++;
    J.settles = DEADLINE + BOUND;       /* settlesAt = now + deadline + serverBound */
    J.epoch = me;
#ifndef BUG_ABSENCES_KEPT
    J.absences = 0;
#endif
    J.due = 0; left[me] = DEADLINE;
    printf("engine %d commits the intent of attempt %d\n", me, J.counted)
}

/* ---- [decide: turnedAway]; a wait of any length is none that the engine is in no hurry to end */
inline turned_away() {
    if
#ifndef BUG_NO_OUTAGE
    :: park(POISON)                     /* exhausted: the outage may be over at any failure, … */
    :: J.outage < OUTAGE -> J.outage++; /* … and is after the last one that is counted here */
#else
    :: true ->
#endif
       J.phase = READY; J.due = 0; J.counted--
    fi
}

/* ---- [decide: unknown] */
inline became_unknown() {
#if defined(BUG_BLIND_RETRY)
    J.phase = READY; J.due = 0
#elif defined(BUG_ADOPT_UNSEEN)
    assert(confirmed_is_done); settled()
#elif defined(ASSIGN)
    if
    :: J.counted >= ATTEMPTS -> park(IN_DOUBT)
    :: else -> J.phase = READY; J.due = J.settles     /* max(now, settlesAt) */
    fi
#else
    J.phase = UNCERTAIN;
#ifndef BUG_NO_QUARANTINE
    J.due = J.settles                                 /* max(now, settlesAt) */
#else
    J.due = 0
#endif
#endif
}

/* ---- [decide: answer] */
inline answered(what) {
    printf("engine %d commits the outcome %e\n", me, what);
    if
    :: what == CONFIRMED -> assert(confirmed_is_done); settled()
    :: what == REFUSED -> assert(refused_is_not_done); settled()
    :: what == TURNED_AWAY -> turned_away()
    :: what == UNKNOWN -> became_unknown()
    fi
}

/* ---- [decide: absent] */
inline absent() {
    J.absences++;
    if
    :: J.absences < LOOKS ->
#ifndef BUG_NO_INTERVAL
       J.due = INTERVAL
#else
       J.due = 0
#endif
#ifndef BUG_NO_ATTEMPTS
    :: J.absences >= LOOKS && J.counted >= ATTEMPTS -> park(IN_DOUBT); J.absences = LOOKS
    :: J.absences >= LOOKS && J.counted < ATTEMPTS ->
#else
    :: else -> J.counted = 1;
#endif
       J.absences = LOOKS; J.phase = READY; J.due = 0 /* resumed(.send) */
    fi
}

/* ---- [decide: probed] */
inline probed(what) {
    printf("engine %d commits what it saw: %e\n", me, what);
    if
    :: what == FOUND -> assert(confirmed_is_done); settled()
    :: what == ABSENT -> absent()
    :: what == UNCLEAR -> park(IN_DOUBT)
    :: what == UNREACHABLE ->
       if
       :: park(IN_DOUBT)
       :: J.outage < OUTAGE -> J.outage++; J.due = INTERVAL
       fi
    fi
}

/* ---- [evolve: State.resume] */
inline resume(mode) {
    J.counted = 0; J.absences = 0; J.outage = 0;
    J.phase = mode;
#ifndef BUG_RESUME_AT_ONCE
    J.due = J.settles                                 /* max(time, settlesAt) */
#else
    J.due = 0
#endif
}

/* ---- An engine: Runner.swift. Every step is one commit, one call or one wait; between any two of them
        the others may go on, time may pass and the engine may die. */
active [2] proctype Engine() {
    byte me = _pid;
    do
    /* Store.begin: the epoch is raised. A second engine may do so beside the first at any time. */
    :: atomic { at[me] == STOPPED && (!calm || J.owner == NOBODY || at[J.owner] == STOPPED) ->
           J.owner = me;
           if :: J.epoch == me -> J.epoch = NOBODY :: else fi;
           fresh[0] = false; fresh[1] = false;
           at[me] = IDLE; printf("engine %d starts with the newest epoch\n", me) }

    /* Crash. What was sent goes on without us. */
    :: atomic { at[me] != STOPPED && !calm -> die() }

    /* Runner.send: load and decide, … */
    :: atomic { at[me] == IDLE && J.phase == READY && J.due == 0 ->
           fresh[me] = true; at[me] = BEGINNING;
#ifdef BUG_SEND_BEFORE_INTENT
           left[me] = DEADLINE; send(DEADLINE)
#endif
       }
    /* … commit the intent, … */
    :: atomic { at[me] == BEGINNING ->
           if
           :: may_commit(fresh[me]) -> wrote(); intend();
#ifndef BUG_SEND_BEFORE_INTENT
              at[me] = SENDING
#else
              at[me] = WAITING
#endif
           :: else -> die()             /* fenced: the engine stops */
           fi }
    /* … and only then call. Runner.perform: what is late already is not sent at all. */
    :: atomic { at[me] == SENDING ->
           if
#ifdef ASSIGN
           :: left[me] > 0 && done > 0 -> outcome[me] = CONFIRMED; at[me] = RECORDING
           :: left[me] > 0 && done == 0 -> send(left[me]); at[me] = WAITING
#else
           :: left[me] > 0 -> send(left[me]); at[me] = WAITING
#endif
           :: left[me] > 0 -> outcome[me] = TURNED_AWAY; at[me] = RECORDING  /* no connection */
#ifndef BREAK_LATE_SEND
           :: left[me] == 0 -> outcome[me] = TURNED_AWAY; at[me] = RECORDING
#else
           :: left[me] == 0 -> send(0); at[me] = WAITING
#endif
           fi }
    :: atomic { at[me] == WAITING && reply[me] != NOTHING ->
           outcome[me] = reply[me]; hang_up(); at[me] = RECORDING }
    /* The deadline, or a connection that is cut before it. */
    :: atomic { at[me] == WAITING -> hang_up(); outcome[me] = UNKNOWN; at[me] = RECORDING }
#ifdef BREAK_NO_CONNECTION
    :: atomic { at[me] == WAITING -> hang_up(); outcome[me] = TURNED_AWAY; at[me] = RECORDING }
#endif
    /* Runner.record: only for the attempt that is under way. */
    :: atomic { at[me] == RECORDING ->
           if
#ifdef BUG_FORGOTTEN_OUTCOME
           :: true -> forget(); at[me] = IDLE
#endif
#ifdef BUG_OLD_ANSWER
           :: true ->
#else
           :: may_commit(J.phase == INTENDED && J.epoch == me) ->
#endif
              wrote(); answered(outcome[me]); forget(); at[me] = IDLE
#ifndef BUG_OLD_ANSWER
           :: else -> die()
#endif
           fi }

    /* Runner.step, .await: the intent of an earlier engine, from recoverAt on. */
    :: atomic { at[me] == IDLE && J.phase == INTENDED && J.epoch != me && MAY_RECOVER ->
           if
           :: may_commit(true) -> wrote(); printf("engine %d recovers an earlier engine's attempt\n", me);
#ifndef BUG_RECOVERY_RESENDS
              became_unknown()
#else
              J.phase = READY; J.due = 0
#endif
           :: else -> die()
           fi }

    /* Runner.probe: look, … */
    :: atomic { at[me] == IDLE && J.phase == UNCERTAIN && J.due == 0 ->
           at[me] = LOOKING; printf("engine %d looks\n", me);
           if
           :: done > 0 -> finding[me] = FOUND
           :: done == 0 || unseen > 0 -> finding[me] = ABSENT
#ifdef BREAK_MARKER_EDITED
           :: done > 0 -> finding[me] = ABSENT
#endif
#ifdef BREAK_OTHERS_SALE
           :: done == 0 -> finding[me] = FOUND
#endif
           :: finding[me] = UNCLEAR
           :: finding[me] = UNREACHABLE
           fi }
    /* … and commit what was found. */
    :: atomic { at[me] == LOOKING ->
           if
           :: may_commit(J.phase == UNCERTAIN && J.due == 0) ->
              wrote(); probed(finding[me]); forget(); at[me] = IDLE
           :: else -> die()
           fi }
    od
}

/* ---- The far side: does a call, refuses it or turns it away, and answers if the caller still listens.
        An answer that is lost on the way is a connection cut: the caller's UNKNOWN. */
inline took_effect() {                  /* in the course of a tick, so STALE counts from the next one */
    done++; printf("THE EFFECT TAKES PLACE (%d)\n", done); assert(at_most_once); unseen = STALE + 1
}
inline answer(s, what) {
    if :: caller[s] != NOBODY -> reply[caller[s]] = what :: else fi
}
inline serve(s) {
    if
    :: true -> took_effect(); answer(s, CONFIRMED)
    :: true -> answer(s, REFUSED)                     /* a 4xx */
    :: true -> answer(s, TURNED_AWAY)                 /* 429, 503 with Retry-After */
#ifdef BREAK_TURNED_AWAY
    :: true -> took_effect(); answer(s, TURNED_AWAY)
#endif
#ifdef BREAK_REFUSED
    :: true -> took_effect(); answer(s, REFUSED)
#endif
    fi;
    life[s] = 0; caller[s] = NOBODY
}
active proctype FarSide() {
    do
    :: atomic { life[0] > 0 -> serve(0) }
    :: atomic { life[1] > 0 -> serve(1) }
    od
}

/* ---- A person decides about what is parked, and knows what they say: they adopt what took effect, and
        resend or give up what did not and cannot any more. To look again is always allowed. */
active proctype Person() {
    byte me = 0;
    do
    :: atomic { J.phase == PARKED && J.owner != NOBODY && at[J.owner] != STOPPED ->
           if
           :: done > 0 -> settled()                                        /* adopt */
#ifndef BREAK_PERSON
           :: done == 0 && DEAD -> resume(READY)                           /* resend */
#else
           :: resume(READY)
#endif
           :: done == 0 && DEAD -> settled()                               /* give up */
           :: J.kind == IN_DOUBT -> resume(UNCERTAIN)                      /* retry */
           :: J.kind != IN_DOUBT -> resume(READY)                          /* retry */
           fi;
           printf("a person decides\n"); fresh[0] = false; fresh[1] = false }
#ifdef BREAK_OLD_BACKUP
    :: atomic { at[0] == STOPPED && at[1] == STOPPED ->
           printf("an old backup is restored\n");
           J.phase = READY; J.counted = 0; J.absences = 0; J.due = 0; J.settles = 0 }
#endif
    od
}

/* ---- Time passes for the journal's times, the calls and the lists alike. */
inline pass(timer) { if :: timer > 0 -> timer-- :: else fi }
#ifndef BREAK_COPIED_JOURNAL
#define WAITS (journal[0].due + journal[0].settles > 0)
#else
#define WAITS (journal[0].due + journal[0].settles + journal[1].due + journal[1].settles > 0)
#endif
active proctype Clock() {
    do
    :: atomic { WAITS || left[0] + left[1] + life[0] + life[1] + unseen > 0 ->
           pass(journal[0].due); pass(journal[0].settles);
#ifdef BREAK_COPIED_JOURNAL
           pass(journal[1].due); pass(journal[1].settles);
#endif
           pass(left[0]); pass(left[1]); pass(unseen);
           pass(life[0]); pass(life[1]); printf("a tick\n") }
#ifdef BREAK_CLOCK_JUMP
    :: atomic { WAITS -> printf("the clock jumps\n"); journal[0].due = 0; journal[0].settles = 0; left[0] = 0; left[1] = 0 }
#endif
    od
}

/* ---- No order is stuck: once nobody kills engines any more, it is settled or with a person, again and
        again, whatever the far side does. Checked with weak fairness: nobody sleeps for ever. */
#ifdef LIVE
active proctype Calm() { calm = true }
ltl no_order_is_stuck {
    [] (calm -> <> (journal[0].phase == SETTLED || journal[0].phase == PARKED))
}
#endif
