"""How fast the service is, measured from outside; `script/bench` runs it.

    script/bench                 every row, several minutes
    script/bench --quick         the same rows, shorter; for a look, not for the record
    script/bench trigger burst   single rows; `script/bench --help` names them all
    script/bench board search beside import      all that the directory and its rosters must reach
    script/bench --keep          also append the result to benchmarks/RESULTS.md
    script/bench --strict        fail when a row misses what is wanted

The set-up: an embedded PostgreSQL of its own with fsync on; one `contactpoints web` and one `contactpoints engine` on
the real code path, with the real Twilio and SMTP notifiers; 1,000 API keys and 1,000 invented contact points; full
particulars in every alert. Everything, this programme included, shares the same two processor cores.

This programme plays the outside world: requesters (`load`), the SMS provider (`twilio_sink`) and the mail server
(`smtp_sink`). Both sinks check every message that arrives - authentication, form, recipient, no case data - and keep a
`book`, so that an alert that was lost, or came twice without a mark, fails the run whatever its speed.

Beside it, in the same run and by the same requesters, the `yardstick`: the least that a durable service can do, one
statement with three inserts behind a bare Starlette, and that statement alone as pgbench drives it. Where the first is
below a fifth of the second the yardstick proves nothing, and the run fails.

Times are taken on one monotonic clock in one process: a message is handed over when the sink has the whole of it. What
is durable is dated by PostgreSQL's own commit timestamps, which are switched on for this. On a busy machine wall times
are noise; the processor time per alert is then what can be compared, and is printed for each process beside how much
of the two cores others took.
"""
