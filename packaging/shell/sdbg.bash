# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# sdbg's key for bash 4.4 or newer: Ctrl+B starts what is typed on the command line as a background job.
#
#     SDBG_KEY=C-b                     # another key: C-x, M-x; before the next line
#     eval "$(sdbg shell-init bash)"
#     PS1='$(sdbg_prompt)'$PS1         # how many jobs run, if wanted

# Prints how many jobs run, as "[2] ", or by a printf format of one's own; nothing where none does. The user
# manager keeps a file for each transient unit, so this takes no process but that of $( ).
sdbg_prompt() {
	local directory=${XDG_RUNTIME_DIR:-/run/user/$UID}/systemd/transient kind
	local -i count=0
	local -a files
	for kind in service scope; do
		files=("$directory"/bgjob-*."$kind")
		[[ ! -e ${files[0]-} ]] || count+=${#files[@]}
	done
	# shellcheck disable=SC2059
	((!count)) || printf "${1-[%d] }" "$count"
} 2>/dev/null # what failglob says

# Expands `!!` and the like. Sets REPLY. Fails, and says so, where the history has no such line.
__sdbg_expand_history() {
	# history -p takes the last line away first, because it believes that to be its own.
	if ! REPLY=$(
		HISTCONTROL='' HISTIGNORE='' HISTTIMEFORMAT=''
		last=$(history 1)
		history -s -- "${last#*[0-9]  }"
		history -p -- "$1" 2>&1
	); then
		printf '%s\n' "$REPLY"
		return 1
	fi
}

# The shell itself expands aliases, when it reads the line as a function's body. Sets REPLY; the line stays as
# it was typed where there is no alias in it. Fails where it cannot be read.
__sdbg_expand_aliases() {
	local expanded plain
	REPLY=$1
	shopt -q expand_aliases || return 0
	eval "__sdbg_line() { $1"$'\n}' || return
	expanded=$(declare -f __sdbg_line)
	shopt -u expand_aliases
	eval "__sdbg_line() { $1"$'\n}' 2>/dev/null
	plain=$(declare -f __sdbg_line)
	shopt -s expand_aliases
	unset -f __sdbg_line
	[[ $expanded != "$plain" ]] || return 0
	expanded=${expanded#*"{ "$'\n'}
	REPLY=${expanded%$'\n}'}
}

# The functions that are named in a text, and those named in them, as a script. Sets REPLY.
__sdbg_functions() {
	local text=$1 word body IFS=$' \t\n'
	local -A seen=()
	REPLY=
	while [[ $text ]]; do
		body=
		for word in ${text//[^[:alnum:]_:.+-]/ }; do
			if [[ ! ${seen[$word]-} && $word != __sdbg_* ]] && declare -F -- "$word" >/dev/null; then
				seen[$word]=1
				body+=$(declare -f -- "$word")$'\n'
			fi
		done
		REPLY+=$body
		text=$body
	done
}

# The shell's options that change what a line means.
__sdbg_options() {
	local name
	REPLY=()
	for name in dotglob extglob failglob globstar nocaseglob nullglob; do
		! shopt -q "$name" || REPLY+=(-O "$name")
	done
	for name in noglob pipefail; do
		! shopt -qo "$name" || REPLY+=(-o "$name")
	done
}

# Starts a command line as a job, and says so in one line. The functions go in the environment: others can
# see a command line, but not that.
__sdbg_start() {
	local line=$1 output REPLY
	local -i code
	local -a options
	__sdbg_options
	options=("${REPLY[@]}")
	output=$("$BASH" "${options[@]}" -n -c "$line" 2>&1)
	if [[ $output ]]; then
		printf '%s\n' "${output//$BASH: -c: /sdbg: }"
		return 2
	fi
	__sdbg_expand_aliases "$line" || return 2
	line=$REPLY
	__sdbg_functions "$line"
	if [[ $REPLY ]]; then
		# shellcheck disable=SC2016
		line='eval "${SDBG_FUNCTIONS:=}"; '$line
		REPLY+='unset SDBG_FUNCTIONS'
	fi
	output=$(
		unset "${!READLINE_@}" # bash has exported them
		[[ ! $REPLY ]] || export SDBG_FUNCTIONS=$REPLY
		command sdbg start --pty -- bash "${options[@]}" -c "$line" 2>&1 </dev/null
	)
	code=$?
	while IFS= read -r line; do
		[[ ! $line =~ ^([a-z0-9._-]+):\ [a-z]+,\ PID\ [0-9]+$ ]] || line+=" (read it: sdbg logs -f ${BASH_REMATCH[1]})"
		printf '%s\n' "$line"
	done <<<"$output"
	return "$code"
}

# What the key is bound to.
__sdbg_key() {
	local line=$READLINE_LINE prompt
	[[ $line == *[![:space:]]* ]] || return 0
	# readline has cleared the prompt's last line, and what was typed there.
	prompt=${PS1@P}
	prompt=${prompt##*$'\n'}
	printf '%s%s\n' "${prompt//[$'\001\002']/}" "$line"
	if [[ $- == *H* && $line == *['!^']* ]]; then
		__sdbg_expand_history "$line" || return 124
		line=$REPLY
	fi
	__sdbg_start "$line"
	# 5: it has run, and failed at once.
	if [[ $? == [05] ]]; then
		history -s -- "$line"
		READLINE_LINE=
		READLINE_POINT=0
	fi
	# Has readline draw the whole prompt again.
	return 124
} >&2

__sdbg_bind() {
	local key=${SDBG_KEY:-C-b} keymap
	case $key in
	C-[a-z]) key="\\$key" ;;
	M-?) key="\\e${key#M-}" ;;
	*)
		printf "sdbg: SDBG_KEY is '%s', which is neither C-x nor M-x\n" "$key" >&2
		return 1
		;;
	esac
	for keymap in emacs vi-insert vi-command; do
		bind -m "$keymap" -x "\"$key\": __sdbg_key"
	done
}

if [[ $- == *i* ]]; then
	__sdbg_bind
fi
unset -f __sdbg_bind
