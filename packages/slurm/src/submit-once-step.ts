// The remote half of exactly-once submission: one fixed bash text for one order or many, detached, each order under the lock of its
// directory. Needs bash 4.4, coreutils 8.24 and util-linux 2.24 or newer (flock -E, setsid --wait), and /proc.
// What it may answer is read by submit-once.ts, where the story is told.
import { CLEAN_ENVIRONMENT } from './commands/clean-environment.ts'
import { NOBODY_ANSWERED } from './commands/could-not-ask.ts'
import { LOOK_UP_STEP } from './commands/look-up-step.ts'
import { SBATCH_STEP } from './commands/sbatch-step.ts'

export const ANSWER_PREFIX = 'submit-once/2 '

export const SUBMIT_ONCE_STEP = `
set -u
user=$1 bin=$2 lock_wait=$3 query_limit=$4 sbatch_limit=$5 settle=$6 time_limit=$7
shift 7
${CLEAN_ENVIRONMENT}
[ -z "$bin" ] || PATH=$bin:$PATH
trap '' HUP PIPE
shopt -s nocasematch
nobody='${NOBODY_ANSWERED}'
unit=$'\\x1f' rowend=$'\\x1e' GROUP=16 QUESTIONS=2 host=\${HOSTNAME//[^A-Za-z0-9._-]/_}

# The orders: directory, submission, name, mode, how many seconds before this step an earlier one may have begun (or nothing), script,
# and the lines that sha256sum --check reads.
given=("$@") dir=() n=() name=() mode=() ago=() script=() sums=()
for ((at = 0; at < $#; at += 7)); do
  dir+=("\${given[at]}") n+=("\${given[at + 1]}") name+=("\${given[at + 2]}") mode+=("\${given[at + 3]}")
  ago+=("\${given[at + 4]}") script+=("\${given[at + 5]}") sums+=("\${given[at + 6]}")
done
# What is known of them, by their place in the list. lock has only the open ones.
lock=() claim=() tried_at=() deadline=() found=() refused=() fenced=() written=() receipt=() answer_of=() verdict=() reason=()
declare -A by_name=() limits_met=()
later=() accounting=on stopped='' hung=no
printed=() complaints=() complain=() turn=() turns=() using=0 waiting=''

# An answer is the last word on an order: its lock is given back.
answer() {
  printf '${ANSWER_PREFIX}%s %s\\n' "$1" "$2"
  local fd=\${lock[$1]-}
  [[ -z $fd ]] || exec {fd}>&-
  unset -v "lock[$1]"
}
answer_text() {
  local text=\${3//\\\\/\\\\\\\\}
  answer "$1" "$2 \${text//$'\\n'/\\\\n}"
}
could_not_ask() { answer_text "$1" could-not-ask "$2"; }
# What is missing or different can be brought again; but not while an sbatch of an earlier step may be on its way, whose claim and lock
# have gone with the files.
damaged() {
  local left=0
  [[ -z \${ago[$1]} ]] || left=$((time_limit + sbatch_limit + settle - ago[$1] - SECONDS))
  if ((left > 0)); then answer $1 "wait $((left * 1000))"; else answer_text $1 damaged "$2"; fi
}
leave_for_later() {
  local fd=\${lock[$1]}
  exec {fd}>&-
  unset -v "lock[$1]"
  later+=("$1")
}
${LOOK_UP_STEP}
${SBATCH_STEP}
# Starts to sync what was written of these orders, and the directories, beside; sets syncing.
start_sync() {
  local i paths=()
  for i; do paths+=("\${written[i]}" "\${dir[i]}"); done
  sync -- "\${paths[@]}" {dog}>&- 2>/dev/null &
  syncing=$!
}
# Ends that sync. Sets durable to the orders of which the file is on the disk.
end_sync() {
  local i
  durable=()
  if wait $1; then
    shift
    durable=("$@")
    return
  fi
  shift
  for i; do
    # Not every file system lets a directory be synced.
    if sync -- "\${written[i]}"; then durable+=("$i"); fi
    sync -- "\${dir[i]}" || :
  done
}
# In place, not beside and renamed (that would be a process per order): a receipt that is cut off counts as none, and no answer was
# given yet. It becomes the answer once it is on the disk.
write_receipt() {
  local i=$1
  written[i]=\${dir[i]}/receipt-\${n[i]}.json
  if printf '{"submission":%s,"name":"%s","slurmJobId":"%s","host":"%s","at":"%(%Y-%m-%dT%H:%M:%SZ)T","how":"%s"}\\n' \\
    "\${n[i]}" "\${name[i]}" "$3" "$host" -1 "$2" >"\${written[i]}"; then
    receipt[i]="$2 $3"
  else
    could_not_ask $i "Slurm job $3 exists, its receipt could not be written"
  fi
}
# The receipts written so far go to the disk beside the next sbatch, and those before them are answered.
sync_receipts() {
  local i
  answer_receipts
  if ((\${#receipt[@]} == 0)); then return; fi
  start_sync \${!receipt[*]}
  receipts_sync=$syncing
  for i in \${!receipt[*]}; do answer_of[i]=\${receipt[i]}; done
  receipt=()
}
answer_receipts() {
  local i
  if ((\${#answer_of[@]} == 0)); then return; fi
  end_sync $receipts_sync \${!answer_of[*]}
  for i in \${durable[*]}; do
    answer $i "\${answer_of[i]}"
    unset -v "answer_of[i]"
  done
  for i in \${!answer_of[*]}; do could_not_ask $i "Slurm job \${answer_of[i]#* } exists, its receipt could not be written"; done
  answer_of=()
}
answer_all_receipts() {
  sync_receipts
  answer_receipts
}
refuse() {
  local file=\${dir[$1]}/refused-\${n[$1]}
  if printf %s "$2" >"$file.part-$$" && sync "$file.part-$$" && mv -f -T "$file.part-$$" "$file"; then
    sync "\${dir[$1]}" || :
    answer_text "$1" refused "$2"
  else
    could_not_ask "$1" 'a refusal could not be written down'
  fi
}
# Takes the locks of these orders. Sets ready and tried by what the files in their directories say; an order that has to be waited for
# is left for later, once.
sort_out() {
  local patience=$1 i fd fds=() all=() statuses
  shift
  ready=() tried=()
  for i; do
    if [[ ! -d \${dir[i]} ]]; then
      damaged $i .
    elif { exec {fd}>>"\${dir[i]}/lock"; } 2>/dev/null; then
      lock[i]=$fd fds+=($fd) all+=($i)
    else
      could_not_ask $i 'the lock cannot be opened'
    fi
  done
  statuses=($(exec {dog}>&- && flock_each $patience \${fds[*]}))
  for ((at = 0; at < \${#all[@]}; at++)); do
    i=\${all[at]}
    case \${statuses[at]-75} in
      0) read_files $i $patience ;;
      75) if ((patience > 0)); then answer $i busy; else leave_for_later $i; fi ;;
      *) could_not_ask $i 'flock does not work in this directory' ;;
    esac
  done
}
# Prints 0 for each lock that was got, 75 for each that is held.
flock_each() {
  local until=$((SECONDS + $1)) left fd
  shift
  # One process for all, where there is Perl; whatever is wrong with it shows as locks that have to be waited for.
  if ((until == SECONDS && $# > 1)) && command -v perl >/dev/null; then
    exec perl -e 'print(open(LOCK, ">>&=", $_) && flock(LOCK, 6) ? 0 : 75, "\\n") for @ARGV' $*
  fi
  for fd; do
    left=$((until - SECONDS))
    flock -E 75 -w $((left > 0 ? left : 0)) $fd
    echo $?
  done
}
read_files() {
  local i=$1 tries=0 last='' line=''
  local file=\${dir[i]}/receipt-\${n[i]}.json
  claim[i]=\${dir[i]}/tried-\${n[i]}
  while [[ -e \${claim[i]} ]]; do
    tries=$((tries + 1)) last=\${claim[i]}
    claim[i]=\${dir[i]}/tried-\${n[i]}.$((tries + 1))
  done
  if [[ -e $file ]]; then
    read -r line <"$file"
    if [[ $line =~ \\"slurmJobId\\":\\"([0-9]+)\\".*\\}$ ]]; then
      written[i]=$file receipt[i]="known \${BASH_REMATCH[1]}"
      return
    elif ((tries == 0)); then
      could_not_ask $i 'the receipt is not readable'
      return
    fi
  elif [[ -e \${dir[i]}/refused-\${n[i]} ]]; then
    answer_text $i refused "$(<"\${dir[i]}/refused-\${n[i]}")"
    return
  fi
  if ((tries == 0)) && [[ -z \${ago[i]} ]]; then
    may_start $i
  elif (($2 == 0)); then
    leave_for_later $i
  else
    tried+=($i)
    if ((tries == 0)); then
      # The files of a try may be gone.
      printf -v 'tried_at[i]' '%(%s)T' -1
      tried_at[i]=$((tried_at[i] - SECONDS - ago[i])) deadline[i]=0
    elif [[ $(<"$last") =~ \\ at=([0-9]+)\\ deadline=([0-9]+)$ ]]; then
      tried_at[i]=\${BASH_REMATCH[1]} deadline[i]=\${BASH_REMATCH[2]}
    else
      tried_at[i]=$(date -r "$last" +%s) deadline[i]=$((tried_at[i] + sbatch_limit + settle))
    fi
  fi
}
# There is no job of this order.
may_start() {
  if [[ -e \${dir[$1]}/cancelled ]]; then
    answer $1 cancelled
  elif [[ \${mode[$1]} != submit ]]; then
    answer $1 absent
  else
    ready+=($1)
  fi
}
# Looks these tried orders up, and answers those of which there is, or was, a job. Sets absent to the others.
answer_looked_up() {
  local i
  absent=()
  if ! look_up "$@"; then
    for i; do could_not_ask $i "$why"; done
    return
  fi
  for i; do
    if [[ -n \${found[i]} ]]; then
      write_receipt $i found "\${found[i]}"
    elif [[ \${refused[i]} == yes ]]; then
      refuse $i 'Requested node configuration is not available (BadConstraints)'
    else
      absent+=($i)
    fi
  done
  answer_all_receipts
}
sort_out_tried() {
  local i now again=() sure=() memory=''
  answer_looked_up "$@"
  printf -v now '%(%s)T' -1
  for i in "\${absent[@]}"; do
    if ((deadline[i] == 0)); then
      sure[i]=$i
    # Until the deadline slurmctld may still be handed the job by an sbatch that nobody watches any more.
    elif ((now < deadline[i])); then
      answer $i "wait $(((deadline[i] - now) * 1000))"
    else
      again+=($i)
    fi
  done
  if ((\${#again[@]} > 0)); then
    # Twice: a slurmctld that comes back to its senses may answer this squeue before it works off an older sbatch, and the lock
    # may not reach the other host that the try came from.
    sleep 2
    answer_looked_up "\${again[@]}"
    for i in "\${absent[@]}"; do sure[i]=$i; done
  fi
  if ((\${#sure[@]} == 0)); then return; fi
  if [[ $accounting == off ]] && ask scontrol --local show config && [[ $out =~ MinJobAge\\ *=\\ ([0-9]+) ]]; then
    memory=\${BASH_REMATCH[1]}
  fi
  for i in \${sure[*]}; do
    if [[ \${fenced[i]} == yes ]]; then
      answer_text $i unknowable "a run of submission \${n[i]} has started, but its fence does not tell the Slurm job"
    elif [[ $accounting == on ]]; then
      may_start $i
    elif [[ -z $memory ]]; then
      could_not_ask $i 'MinJobAge is not readable'
    elif ((now - tried_at[i] < memory)); then
      may_start $i
    else
      answer_text $i unknowable "submission \${n[i]} was tried $((now - tried_at[i])) s ago, squeue remembers $memory s, and there is no accounting"
    fi
  done
}
# Sets sound to the orders whose files have arrived as they were sent.
check_files() {
  local i all='' said
  sound=("$@")
  for i; do all+=\${sums[i]}; done
  if [[ -z $all ]] || sha256sum --check --status --strict <<<"\${all%$'\\n'}" 2>/dev/null; then return; fi
  sound=()
  for i; do
    if [[ -z \${sums[i]} ]] || said=$(LC_ALL=C sha256sum --check --quiet --strict <<<"\${sums[i]%$'\\n'}" 2>/dev/null); then
      sound+=($i)
    else
      # "<path>: FAILED", and more lines like it.
      said=\${said%%: FAILED*}
      damaged $i "\${said#"\${dir[i]}/"}"
    fi
  done
}
# Every sbatch has to start within so many seconds of its claim that this many orders need; one that is later is claimed anew.
stamp() {
  local window=$(($1 / 8)) now
  printf -v now '%(%s)T' -1
  start_by=$((SECONDS + window + 1))
  mark="host=$host at=$now deadline=$((now + window + sbatch_limit + settle))"
}
# Makes the claims of these orders, each exclusively (O_EXCL; on NFS since version 3). Sets staked. A crash before the last sbatch leaves
# claims without one: these orders wait out the deadline, are looked up, and are tried again.
stake_claims() {
  local i fd vain=()
  staked=()
  stamp $#
  set -o noclobber
  for i; do
    written[i]=\${claim[i]}
    if { exec {fd}>"\${claim[i]}"; } 2>/dev/null; then
      if printf '%s\\n' "$mark" >&$fd; then staked+=($i); else vain+=($i); fi
      exec {fd}>&-
    elif [[ -e \${claim[i]} ]]; then
      answer $i "wait $((sbatch_limit * 1000))" # of another host, just now
    else
      could_not_ask $i 'the job directory cannot be written'
    fi
  done
  set +o noclobber
  durable=()
  give_up_claims \${vain[*]}
}
# Those of these orders that are not durable.
give_up_claims() {
  local i
  for i; do
    [[ " \${durable[*]} " != *" $i "* ]] || continue
    rm -f -- "\${claim[i]}"
    could_not_ask $i 'the job directory cannot be written'
  done
}
# Whether an sbatch of this order would be in vain: nobody answers, time is up, or an order that asks the same of Slurm has met a
# limit of the site. Sets verdict.
in_vain() {
  if [[ -z $stopped ]] && ((SECONDS >= time_limit)); then stopped="the step has run for $SECONDS s"; fi
  if [[ -n $stopped ]]; then
    verdict[$1]=not-tried reason[$1]=$stopped
    return
  fi
  ((\${#limits_met[@]} > 0)) || return
  read_wish $1
  verdict[$1]=limited reason[$1]=\${limits_met[all]-\${limits_met[$wish]-}}
  [[ -n \${reason[$1]} ]]
}
submit_all() {
  local i some=() released=() submitted='' number claims_sync
  for i; do
    if in_vain $i; then answer_text $i \${verdict[i]} "\${reason[i]}"; else some+=($i); fi
  done
  check_files \${some[*]}
  stake_claims \${sound[*]}
  if ((\${#staked[@]} == 0)); then
    answer_all_receipts # of what was known before
    return
  fi
  # The claims of the first go to the disk before their sbatch, those of the rest meanwhile.
  some=(\${staked[*]:0:GROUP})
  start_sync \${some[*]}
  end_sync $syncing \${some[*]}
  give_up_claims \${some[*]}
  some=(\${staked[*]:GROUP})
  if ((\${#some[@]} == 0)); then
    submit_claimed \${durable[*]}
  else
    start_sync \${some[*]}
    claims_sync=$syncing
    submit_claimed \${durable[*]}
    end_sync $claims_sync \${some[*]}
    give_up_claims \${some[*]}
    submit_claimed \${durable[*]}
  fi
  [[ -z $submitted ]] || write_receipt $submitted new $number
  # Of these no sbatch has made a job: they may be tried again at once.
  some=()
  for i in \${released[*]}; do some+=("\${claim[i]}"); done
  ((\${#some[@]} == 0)) || rm -f -- "\${some[@]}"
  for i in \${released[*]}; do answer_text $i \${verdict[i]} "\${reason[i]}"; done
  answer_all_receipts
}
submit_claimed() {
  local i next at all=("$@")
  for at in \${!all[*]}; do
    i=\${all[at]} next=\${all[at + 1]-}
    if [[ -n $stopped ]] || ((SECONDS >= time_limit || \${#limits_met[@]} > 0)) && in_vain $i; then
      released+=($i)
      continue
    fi
    if ((SECONDS > start_by)) && ! claim_anew $i; then continue; fi
    [[ $waiting == $i ]] || start_sbatch $i
    take_turn
    [[ -z $next ]] || start_sbatch $next
    # While they run, the one before is written down.
    if [[ -n $submitted ]]; then
      write_receipt $submitted new $number
      submitted=''
      ((\${#receipt[@]} < GROUP)) || sync_receipts
    fi
    await_sbatch
    if [[ -n $id ]]; then submitted=$i number=$id; else after_no_id $i; fi
  done
  forget_waiting
}
claim_anew() {
  stamp 1
  if printf '%s\\n' "$mark" >"\${claim[$1]}" && sync -- "\${claim[$1]}"; then return; fi
  could_not_ask $1 'the job directory cannot be written'
  return 1
}
# Adds the order to released where sbatch is known to have made no job, and may later.
after_no_id() {
  local i=$1
  if [[ $ended == hung ]]; then hung=yes stopped="an sbatch did not end within $sbatch_limit s"; fi
  found[i]='' refused[i]=no
  if ! look_in_squeue $i; then
    could_not_ask $i "sbatch ended with $rc: $words; $why"
    stopped=\${stopped:-$why}
  elif [[ -n \${found[i]} ]]; then
    write_receipt $i found "\${found[i]}"
  elif met_limit; then
    read_wish $i
    [[ $limit != MaxJobCount && $limit != RateLimit ]] || wish=all
    limits_met[$wish]="$limit $words"
    verdict[i]=limited reason[i]="$limit $words"
    released+=($i)
  elif was_refused; then
    refuse $i "\${words:-sbatch ended with $rc}"
  else
    could_not_ask $i "sbatch ended with $rc: $words"
  fi
}

# Its stdin is all it holds of the step: the channel ends with the step.
exec {dog}> >(exec >/dev/null 2>&1 && watch_over)
sort_out 0 \${!dir[*]}
submit_all \${ready[*]}
if ((\${#later[@]} > 0)); then
  sort_out $lock_wait \${later[*]}
  ((\${#tried[@]} == 0)) || sort_out_tried \${tried[*]}
  submit_all \${ready[*]}
fi
printf 'done\\n' >&$dog
# An sbatch that outlived its TERM, or what it left behind, ends here.
[[ $hung == no ]] || kill -KILL 0
`
