# SPDX-License-Identifier: MIT
# sdbg's key for fish 3.4 or newer: Ctrl+B starts what is typed on the command line as a background job.
#
#     set -g SDBG_KEY C-b              # another key: C-x, M-x; before the next line
#     sdbg shell-init fish | source
#     function fish_right_prompt; sdbg_prompt; end     # how many jobs run, if wanted

# Prints how many jobs run, as "[2] ", or by a printf format of one's own; nothing where none does. The user
# manager keeps a file for each transient unit, so this takes no process.
function sdbg_prompt --description 'Print how many background jobs run'
    set -l directory $XDG_RUNTIME_DIR
    test -n "$directory"; or set directory /run/user/(id -u)
    set -l files $directory/systemd/transient/bgjob-*.service $directory/systemd/transient/bgjob-*.scope
    set -q argv[1]; or set argv '[%d] '
    test (count $files) -eq 0; or printf $argv[1] (count $files)
end

# The functions that are named in a text, and those named in them, as a script. Aliases are functions, too.
# What fish itself brings along, the job's fish has.
function __sdbg_functions --argument-names text
    set -l seen
    while test -n "$text"
        set -l body
        for word in (string match --regex --all '[\w:.+-]+' -- $text)
            functions --query -- $word; and not contains -- $word $seen; or continue
            string match --quiet -- '__sdbg_*' $word; and continue
            string match --quiet --regex '^(embedded:|'(string escape --style=regex -- $__fish_data_dir)'/)' \
                -- (functions --details -- $word); and continue
            set --append seen $word
            set --append body (functions -- $word | string collect)
        end
        set text (string join \n -- $body | string collect)
        test -z "$text"; or echo $text
    end
end

# An abbreviation is expanded by the key that ends a word, and Ctrl+B is none.
function __sdbg_expand_abbreviation
    set -l words (commandline --current-process --tokenize)
    test (count $words) -eq 1; and abbr --query -- $words[1]; or return
    set -l found (abbr --show | string match --regex -- '^abbr -a -- '(string escape --style=regex -- $words[1])' (.*)$')
    test (count $found) -ne 2; or commandline --current-process --replace -- (string unescape -- $found[2])
end

# Starts a command line as a job, and says so in one line. The functions go in the environment: others can
# see a command line, but not that.
function __sdbg_start --argument-names line
    set -l options --no-config
    set -lx SDBG_FUNCTIONS (__sdbg_functions $line | string collect)
    if test -n "$SDBG_FUNCTIONS"
        set SDBG_FUNCTIONS $SDBG_FUNCTIONS\n'set --erase SDBG_FUNCTIONS'
        set --append options -C 'eval $SDBG_FUNCTIONS'
    else
        set --erase SDBG_FUNCTIONS
    end
    set -l output (command sdbg start --pty -- fish $options -c $line 2>&1 </dev/null)
    set -l code $status
    string replace --regex '^([a-z0-9._-]+): [a-z]+, PID \d+$' '$0 (read it: sdbg logs -f $1)' -- $output
    return $code
end

# Puts a line into the history as if it had been run. fish 4 has a command for it; before, a line that follows
# another within a second is seen in the history after the next one.
function __sdbg_remember --argument-names line
    test -z "$fish_private_mode"; or return
    string match --quiet --regex '^ ' -- $line; and return
    if test (string split . -- $version)[1] -ge 4
        builtin history append -- $line
        return
    end
    set -l name fish
    set -q fish_history; and set name $fish_history
    test -n "$name"; or return
    set -l directory $HOME/.local/share
    test -n "$XDG_DATA_HOME"; and set directory $XDG_DATA_HOME
    builtin history save
    set line (string replace --all \\ \\\\ -- $line | string collect)
    set line (string replace --all \n \\n -- $line | string collect)
    printf '%s\n' "- cmd: $line" "  when: $(date +%s)" >>$directory/fish/{$name}_history
    builtin history merge
end

# How many rows of the screen the prompt and the line take above the cursor's: fish draws from there.
function __sdbg_rows_above
    set -l prompt (fish_prompt)
    set -l rows (math (count $prompt) - 1)
    set -l before (commandline --cut-at-cursor)
    set before[1] "$prompt[-1]$before[1]"
    for text in $before
        set rows (math $rows + floor\((string length --visible -- $text) / $COLUMNS\))
    end
    math $rows + (count $before) - 1
end

# What the key is bound to.
function __sdbg_key
    __sdbg_expand_abbreviation
    set -l line (commandline | string collect)
    string match --quiet --regex '\S' -- $line; or return
    set -l rows (__sdbg_rows_above)
    echo
    set -l fish (status fish-path)
    set -l wrong ($fish --no-config --no-execute -c $line 2>&1)
    if test -n "$wrong"
        printf '%s\n' $wrong
    else
        __sdbg_start $line
        # 5: it has run, and failed at once.
        if contains $status 0 5
            __sdbg_remember $line
            commandline --replace ''
        end
    end
    string repeat --no-newline --count $rows \n
    commandline --function repaint
end

function __sdbg_bind
    set -l key C-b
    set -q SDBG_KEY; and set key $SDBG_KEY
    # No pattern: '?' is an ordinary character from fish 4 on.
    if not string match --quiet --regex '^[CM]-.$' -- $key
        echo "sdbg: SDBG_KEY is '$key', which is neither C-x nor M-x" >&2
        return 1
    end
    switch $key
        case 'C-*'
            set key (string unescape '\c'(string sub --start 3 -- $key))
        case 'M-*'
            set key \e(string sub --start 3 -- $key)
    end
    for mode in default insert
        bind --mode $mode $key __sdbg_key
    end
end

if status is-interactive
    __sdbg_bind
end
functions --erase __sdbg_bind
