// The part of the submission step that runs sbatch under a time limit and reads what it says, without a process more than sbatch's own.

// sbatch answers to slurmctld's EAGAIN (MaxJobCount is reached) by this line, at once, and tries again after 1, 2, 3 ... 15 s
// (sbatch.c, MAX_RETRIES; no option or setting shortens it). It can be ended in its first sleep: no job was made.
export const ASLEEP = 'temporarily unable to accept job'
// Reasons that stand beside "Job violates accounting/QOS policy" and pass when a job ends; its other reasons stay true.
export const SUBMIT_LIMITS = '(QOS|Assoc)(Max|Grp)SubmitJobs?[A-Za-z]*|MaxSubmitJobsPerAccount'

export const SBATCH_STEP = `
# Ends an sbatch whose step is gone: it may not hand a job over after the deadline that its claim names. Most end within the grace.
watch_over() {
  local word=''
  trap '' TERM
  read -r word
  [[ $word != done ]] || return
  sleep $((settle / 3))
  kill -KILL 0
}
# Half of the time of an sbatch goes by before it reads its script (5 of 10 ms). So the next one is started while this one asks
# slurmctld, and waits at its stdin for its turn: the order is kept. One that never gets its turn finds no script, and makes no job.
#
# Two sets of pipes, used in turn: what an sbatch prints, what it complains of, and the byte that says "your turn". No process and no
# file is needed for an sbatch but its own and the one that holds its script. (Of a process substitution the status cannot be had: wait
# for one sometimes never comes back while another child lives; bash 5.2.15.)
open_pipes() {
  local out words go
  [[ -z \${printed[$1]-} ]] || close_fds \${printed[$1]} \${complaints[$1]} \${complain[$1]} \${turn[$1]} \${turns[$1]}
  exec {out}< <(:) {words}< <(:) {go}< <(:)
  printed[$1]=$out complaints[$1]=$words turn[$1]=$go
  exec {words}>/proc/self/fd/$words {go}>/proc/self/fd/$go
  complain[$1]=$words turns[$1]=$go
}
close_fds() {
  local fd
  for fd; do exec {fd}>&-; done
}
# Adds what was complained of to words.
hear() {
  local more
  while read -t 0 -u \${complaints[$1]}; do
    IFS= read -r -d '' -t 0.05 -u \${complaints[$1]} more
    words+=$more
  done
}
# Starts the sbatch of an order beside.
start_sbatch() {
  local i=$1 set=$((1 - using)) to
  forget_waiting
  [[ -n \${printed[set]-} ]] || open_pipes $set
  cd -- "\${dir[i]}" || return 0
  unset -v OLDPWD
  # Opened anew for each: what an sbatch prints ends with it.
  exec {to}>/proc/self/fd/\${printed[set]}
  # LC_ALL is not set here: sbatch hands its environment on to the job.
  {
    close_fds $to $dog \${turns[*]}
    exec sbatch --parsable --job-name="\${name[i]}"
  } < <(script_in_turn) >&$to 2>&\${complain[set]} &
  waiting=$i waiting_pid=$!
  exec {to}>&-
}
# When the step is gone there is no turn any more.
script_in_turn() {
  local text=''
  close_fds $to $dog \${turns[*]}
  IFS= read -r -d '' text <"\${script[i]}"
  if read -r -N 1 -u \${turn[set]}; then printf %s "$text"; fi
}
take_turn() {
  pid=''
  [[ -n $waiting ]] || return 0
  using=$((1 - using)) pid=$waiting_pid waiting='' since=$SECONDS
  read -r quiet _ </proc/uptime
  quiet=\${quiet/./}
  printf . >&\${turns[using]}
}
forget_waiting() {
  [[ -z $waiting ]] || open_pipes $((1 - using))
  waiting=''
}
# Sets id where one came of the sbatch; else also rc, words and ended: 'itself', 'asleep', 'late' or 'hung'.
await_sbatch() {
  local part out='' status
  id='' words='' ended=itself rc=126
  [[ -n $pid ]] || return
  while :; do
    # One character at a time. In blocks (-N) read drops what it has fetched and not handed over when its time is up between two
    # characters: "465" was once read as "4", on a machine that had ten processes a core (bash 5.2.15).
    IFS= read -r -d '' -t 0.2 -u \${printed[using]} part
    status=$?
    out+=$part
    if ((status > 128)); then
      watch_sbatch
      [[ $ended == itself ]] || break
    elif ((status > 0)); then
      break
    fi
  done
  if [[ $ended == itself ]]; then
    wait $pid
    rc=$?
    hear $using
  else
    rc=143
    forget_waiting # it was ended too
  fi
  # man sbatch, --parsable: the id, and behind ";" the name of a cluster. A line without its end may be the start of one.
  ((rc != 0)) || [[ $out == *$'\\n' ]] || rc=126
  out=\${out%$'\\n'} out=\${out##*$'\\n'}
  if ((rc == 0)) && [[ $out =~ ^([0-9]+)(\\;.*)?$ ]]; then id=\${BASH_REMATCH[1]}; fi
  # What is left of one that failed may still print into its pipes, or wait for its turn.
  [[ -n $id ]] || open_pipes $using
}
# Every 0.2 s of a slow one: ends an sbatch that is over its limit, or asleep because MaxJobCount is reached.
watch_sbatch() {
  local up
  hear $using
  if [[ $words == *'${ASLEEP}'* ]]; then
    end_sbatch
    read -r up _ </proc/uptime
    # Its first sleep is one second long, and it did not sleep yet when last looked at. (The clock ticks 100 times a second.)
    if ((\${up/./} - quiet < 90)); then ended=asleep; else ended=late; fi
  elif ((SECONDS - since >= sbatch_limit)); then
    hear $using
    end_sbatch
    ended=hung
  else
    read -r quiet _ </proc/uptime
    quiet=\${quiet/./}
  fi
}
# All of this session but the step and its watch: a site's own sbatch may run Slurm's as a child.
end_sbatch() {
  trap : TERM
  kill -TERM 0
  trap - TERM
}
# sbatch said no, by itself: 124 to 127 come of the shell, above 128 of a signal; sbatch itself ends with 1 or 255.
was_refused() {
  [[ $ended == itself ]] && (((rc > 0 && rc < 124) || rc == 255)) && ! [[ $words =~ $nobody ]]
}
# Sets limit to the name of the limit of the site that sbatch met.
met_limit() {
  limit=''
  if [[ $ended == asleep ]]; then
    limit=MaxJobCount
  elif [[ $ended == itself ]] && (((rc > 0 && rc < 124) || rc == 255)); then
    if [[ $words =~ ${SUBMIT_LIMITS} ]]; then limit=\${BASH_REMATCH[0]}; fi
    if [[ $words == *'rate limit exceeded'* ]]; then limit=RateLimit; fi
  fi
  [[ -n $limit ]]
}
# Sets wish to what the script of an order asks of Slurm, its own name and files aside: orders that ask the same meet the same limits.
read_wish() {
  local line
  wish=-
  while IFS= read -r line; do
    case $line in
      '#SBATCH '--job-name=* | '#SBATCH '--output=* | '#SBATCH '--error=* | '#SBATCH '--chdir=* | '#SBATCH '--comment=*) ;;
      '#SBATCH '*) wish+=$line$'\\n' ;;
      '' | '#'*) ;;
      *) break ;;
    esac
  done <"\${dir[$1]}/\${script[$1]}"
}
`
