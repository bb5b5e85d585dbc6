// The part of the submission step that asks squeue and sacct whether there is, or was, a Slurm job of an order's name.
import { EVERY_STATE } from './sacct.ts'

/**
 * Sets found (a job id), refused and fenced of the orders it is given, or fails with the reason in why. Used by submit-once-step.ts,
 * whose words these are: dir, n, name, tried_at by order; user, query_limit, unit, rowend, nobody, err, dog.
 */
export const LOOK_UP_STEP = `
# Asks Slurm; fails, with the reason in why, unless it answered.
ask() {
  local rc words=''
  [[ -n \${complain[QUESTIONS]-} ]] || open_pipes QUESTIONS
  out=$(close_fds $dog \${turns[*]} && LC_ALL=C exec timeout --kill-after=5 "$query_limit" "$@" </dev/null 2>&\${complain[QUESTIONS]})
  rc=$?
  hear QUESTIONS
  if [[ $rc == 0 && ! $words =~ $nobody && ! $words =~ (^|$'\\n')[a-z_]+(:| )[a-z_:\\ ]*(error|fatal): ]]; then return; fi
  why="$1 ended with $rc: $words"
  return 1
}
# The question is about the jobs of these orders.
about() {
  local i
  names='' by_name=()
  for i; do names+=,\${name[i]} by_name[\${name[i]}]=$i; done
  names=\${names:1}
}
# A row: id, array id, whether it says refused, name. A task of an array is none of ours, whatever it is called.
note() {
  local i=\${by_name[$4]-}
  if [[ -z $i || $2 == *_* ]]; then return; fi
  if ! [[ $1 =~ ^[0-9]+$ ]]; then
    why="a row that is not readable: $*"
    return 1
  fi
  if [[ $3 == yes ]]; then refused[i]=yes; elif [[ -z \${found[i]} ]] || (($1 < found[i])); then found[i]=$1; fi
}
# A refused submission can leave a job behind that never had a node: FAILED, BadConstraints.
look_in_squeue() {
  about "$@"
  ask squeue --local --noheader --states=all --user="$user" --name="$names" \\
    --Format="JobID:$unit,JobArrayID:$unit,State:$unit,Reason:$unit,Name:$rowend" || return
  local id array state reason its_name bad
  while IFS=$unit read -r -d "$rowend" id array state reason its_name; do
    bad=no
    [[ $state/$reason != FAILED/BadConstraints ]] || bad=yes
    note "\${id//[$' \\n']/}" "$array" $bad "$its_name" || return
  done <<<"$out"
}
look_in_sacct() {
  about "$@"
  local i since=\${tried_at[$1]} id array state nodes its_name bad
  for i; do ((since <= tried_at[i])) || since=\${tried_at[i]}; done
  printf -v since '%(%Y-%m-%dT%H:%M:%S)T' $((since - 86400))
  if ! ask sacct --local --noheader --allocations --parsable2 --delimiter="$unit" --user="$user" --name="$names" \\
    --starttime="$since" ${EVERY_STATE.join(' ')} --format=JobIDRaw,JobID,State,NodeList,JobName; then
    [[ $why == *'accounting storage is disabled'* ]] || return
    accounting=off
    return 0
  fi
  while IFS=$unit read -r id array state nodes its_name; do
    [[ -n $id ]] || continue
    bad=no
    [[ $state/$nodes != 'FAILED/None assigned' ]] || bad=yes
    note "$id" "$array" $bad "$its_name" || return
  done <<<"$out"
}
# Sets found, refused and fenced of these orders: one squeue and one sacct, however many they are.
look_up() {
  local i fence content rest=()
  for i; do found[i]='' refused[i]=no fenced[i]=no; done
  look_in_squeue "$@" || return
  for i; do [[ -n \${found[i]} || \${refused[i]} == yes ]] || rest+=($i); done
  if ((\${#rest[@]} > 0)); then look_in_sacct "\${rest[@]}" || return; fi
  for i; do
    for fence in "\${dir[i]}/runs/\${n[i]}"-*/fence; do
      [[ -e $fence ]] || continue
      fenced[i]=yes content=$(<"$fence")
      if [[ -z \${found[i]} && $content =~ \\"slurmJobId\\":\\ *\\"?([0-9]+) ]]; then found[i]=\${BASH_REMATCH[1]}; fi
    done
  done
}
`
