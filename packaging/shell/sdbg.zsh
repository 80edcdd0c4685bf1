# SPDX-License-Identifier: MIT
# sdbg's key for zsh: Ctrl+B starts what is typed on the command line as a background job.
#
#     SDBG_KEY=C-b                     # another key: C-x, M-x; before the next line
#     eval "$(sdbg shell-init zsh)"
#     setopt promptsubst; PROMPT='$(sdbg_prompt)'$PROMPT     # how many jobs run, if wanted

# Prints how many jobs run, as "[2] ", or by a printf format of one's own; nothing where none does. The user
# manager keeps a file for each transient unit, so this takes no process but that of $( ).
sdbg_prompt() {
	emulate -L zsh
	local -a files
	files=(${XDG_RUNTIME_DIR:-/run/user/$UID}/systemd/transient/bgjob-*.(service|scope)(N))
	(( ! $#files )) || printf "${1-[%d] }" $#files
}

# The functions that are named in a text, and those named in them, as a script. Sets REPLY.
__sdbg_functions() {
	emulate -L zsh
	local text=$1 word body
	local -A seen
	REPLY=
	while [[ -n $text ]]; do
		body=
		for word in ${(s: :)${text//[^[:alnum:]_:.+-]/ }}; do
			(( $+functions[$word] && ! $+seen[$word] )) && [[ $word != __sdbg_* ]] || continue
			seen[$word]=1
			# One that is loaded when it is first called.
			[[ $functions[$word] != 'builtin autoload'* ]] || autoload +X -- $word || continue
			body+="${(q)word} () {"$'\n'$functions[$word]$'\n}\n'
		done
		REPLY+=$body
		text=$body
	done
}

# Starts a command line as a job, with options of the shell. Sets REPLY to what is to be said. The functions
# go in the environment: others can see a command line, but not that.
__sdbg_start() {
	emulate -L zsh -o extendedglob
	local line=$1 functions_used
	local -a said
	integer code
	shift
	__sdbg_functions $line
	functions_used=$REPLY
	[[ -z $functions_used ]] || line='eval "${SDBG_FUNCTIONS:=}"; '$line
	REPLY=$(
		[[ -z $functions_used ]] || export SDBG_FUNCTIONS="${functions_used}unset SDBG_FUNCTIONS"
		command sdbg start --pty -- zsh "$@" -fc $line 2>&1 </dev/null
	)
	code=$?
	said=("${(@f)REPLY}")
	for line in {1..$#said}; do
		[[ $said[line] != [a-z0-9._-]##': '[a-z]##', PID '<-> ]] ||
			said[line]+=" (read it: sdbg logs -f ${said[line]%%:*})"
	done
	REPLY=${(F)said}
	return $code
}

# What the key is bound to. The user's own options hold here, because they tell what the line means.
__sdbg_key() {
	local __sdbg_name __sdbg_forget=
	local -a __sdbg_options
	[[ "$PREBUFFER$BUFFER" == *[^[:space:]]* ]] || return 0
	zle .expand-history
	for __sdbg_name in braceccl cshnullglob extendedglob globdots globstarshort ksharrays kshglob noglob \
		nonomatch nullglob numericglobsort pipefail rcexpandparam rcquotes shwordsplit; do
		[[ ! -o $__sdbg_name ]] || __sdbg_options+=(-o $__sdbg_name)
	done
	[[ ! -o histignorespace || $BUFFER != ' '* ]] || __sdbg_forget=yes
	# The shell itself expands aliases, when it reads the line as a function's body.
	unset 'functions[__sdbg_expanded]' 'functions[__sdbg_plain]'
	functions[__sdbg_expanded]="$PREBUFFER$BUFFER" 2>/dev/null
	if [[ ! -o aliases ]]; then
		functions[__sdbg_plain]="$PREBUFFER$BUFFER" 2>/dev/null
	else
		unsetopt aliases
		functions[__sdbg_plain]="$PREBUFFER$BUFFER" 2>/dev/null
		setopt aliases
	fi
	__sdbg_accept "${__sdbg_options[@]}"
}

__sdbg_accept() {
	emulate -L zsh
	local line="$PREBUFFER$BUFFER" expanded REPLY
	if (( ! $+functions[__sdbg_expanded] )); then
		zle -I
		zsh -fnc $line
		return 0
	fi
	expanded=$line
	[[ $functions[__sdbg_expanded] == ${functions[__sdbg_plain]-} ]] || expanded=$functions[__sdbg_expanded]
	unset 'functions[__sdbg_expanded]' 'functions[__sdbg_plain]'
	__sdbg_start $expanded "$@"
	# 5: it has run, and failed at once.
	if [[ $? != [05] ]]; then
		zle -I
		print -r -- $REPLY
		return 0
	fi
	[[ -n $__sdbg_forget ]] || print -rS -- $line
	if [[ -n $PREBUFFER ]]; then
		zle -I
		print -r -- $REPLY
		BUFFER=
		zle .send-break
	else
		# An empty line is accepted below what was typed; the next prompt comes after the message.
		__sdbg_message=$REPLY
		PREDISPLAY=$line
		BUFFER=
		zle .accept-line
	fi
}

# Runs before each prompt.
__sdbg_tell() {
	[[ -z ${__sdbg_message-} ]] || print -r -- $__sdbg_message
	unset __sdbg_message
}

__sdbg_bind() {
	emulate -L zsh
	local key=${SDBG_KEY:-C-b} keymap
	case $key in
	(C-[a-z]) key="^${(U)key#C-}" ;;
	(M-?) key="^[${key#M-}" ;;
	(*)
		print -r "sdbg: SDBG_KEY is '$key', which is neither C-x nor M-x" >&2
		return 1
		;;
	esac
	zmodload zsh/parameter
	zle -N __sdbg_key
	precmd_functions+=(__sdbg_tell)
	for keymap in emacs viins vicmd; do
		bindkey -M $keymap $key __sdbg_key
	done
}

if [[ -o interactive ]]; then
	__sdbg_bind
fi
unfunction __sdbg_bind
