# shellcheck shell=bash disable=SC2154 # the names shared with the program that reads this file
# Reads .env by the rules of Docker Compose, so that a line has the same value with and without containers: comments, `export`,
# quotes, ` #` after a value, quoted line breaks, escapes, $NAME and ${NAME:-default}; the last of repeated names counts.
# Tests/Outside/test_dotenv.py compares it with Compose.
declare -A dotenv=()

# Whether the environment has the variable, even if empty: it overrides .env, as in Compose.
in_environment() { # NAME
    [[ -n ${!1+set} && ${!1@a} == *x* ]]
}

# Whether there is a .env, which may be a pipe, such as one of a password manager; as in Compose, a folder is ignored.
has_dotenv() { [[ -e $root/.env && ! -d $root/.env ]]; }

# Exports the variables of .env that are not in the environment.
load_dotenv() {
    local name value
    has_dotenv || return 0
    parse_dotenv "$root/.env"
    for name in "${!dotenv[@]}"; do
        if in_environment "$name"; then continue; fi
        value=${dotenv[$name]}
        case $name in
        COMPOSE_*) ;;
        *_FILE | SITE_LOGO | SITE_ICON | SITE_TEXTS | BACKUPS | BACKUP_IDENTITY) value=$(path_on_host "$value") ;;
        esac
        export "$name=$value"
    done
}

# A path as Compose reads it: relative to the folder of .env, and with ~ for the home folder.
path_on_host() { # PATH
    local path
    path=$(trimmed "$1")
    case $path in
    '' | /*) ;;
    \~ | \~/*) path=${HOME:-}${path:1} ;;
    *) path=$root/$path ;;
    esac
    printf '%s' "$path"
}

# Reads a file into `dotenv`.
parse_dotenv() { # FILE
    local content rest='' name value
    content=$(tr '\0' '\1' <"$1")
    rest=$content
    if [[ $content == *$'\1'* ]]; then dotenv_fails "contains a NUL character"; fi
    rest=${content#$'\xef\xbb\xbf'}
    while skip_blanks && [[ $rest ]]; do
        if [[ $rest == '#'* ]]; then
            next_line
            continue
        fi
        if [[ $rest =~ ^export[[:blank:]]+ ]]; then rest=${rest:${#BASH_REMATCH[0]}}; fi
        [[ $rest =~ ^([][A-Za-z0-9_.-]+)[[:blank:]]*($'\r'?$'\n'|[=:][$' \t\v\f\r']*) ]] ||
            dotenv_fails "is not NAME=VALUE"
        name=${BASH_REMATCH[1]}
        rest=${rest:${#BASH_REMATCH[0]}}
        # A name alone refers to the variable of the environment.
        if [[ ${BASH_REMATCH[2]} != [=:]* ]]; then continue; fi
        case $rest in
        "'"*) read_single ;;
        '"'*) read_double ;;
        *) read_plain ;;
        esac
        if [[ $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]]; then dotenv[$name]=$value; fi
    done
}

skip_blanks() {
    if [[ $rest =~ ^[[:space:]]+ ]]; then rest=${rest:${#BASH_REMATCH[0]}}; fi
}

next_line() {
    if [[ $rest == *$'\n'* ]]; then rest=${rest#*$'\n'}; else rest=; fi
}

dotenv_fails() { # REASON
    # The line on which the current statement begins.
    local before=${content:0:${#content}-${#rest}}
    before=${before//[!$'\n']/}
    failure=78 die ".env, line $((${#before} + 1)) $1" "its lines are NAME=VALUE, as Docker Compose reads them"
}

read_plain() {
    value=${rest%%$'\n'*}
    value=${value%%' #'*}
    if [[ $value =~ [[:space:]]+$ ]]; then value=${value:0:${#value}-${#BASH_REMATCH[0]}}; fi
    value=$(substituted "$value" && printf x) || exit 78
    value=${value%x}
    next_line
}

# In single quotes, only \' and the quote are special.
read_single() {
    local pair
    quoted "'"
    pair=$value value=
    while [[ $pair == *\\* ]]; do
        value+=${pair%%\\*}
        pair=${pair#*\\}
        if [[ ${pair:0:1} != "'" ]]; then value+=\\; fi
        value+=${pair:0:1}
        pair=${pair:1}
    done
    value+=$pair
}

read_double() {
    local pair next
    quoted '"'
    pair=$value value=
    while [[ $pair == *\\* ]]; do
        value+=${pair%%\\*}
        pair=${pair#*\\}
        next=${pair:0:1}
        pair=${pair:1}
        case $next in
        # The next step reads $$ as a dollar sign.
        '$') value+='$$' ;;
        \" | \\) value+=$next ;;
        0)
            if [[ $pair =~ ^[0-7]{3} ]]; then
                value+=$(printf '%b' "\\0${BASH_REMATCH[0]}")
                pair=${pair:3}
            else
                # As in Compose.
                value+=\\
            fi
            ;;
        a) value+=$'\a' ;;
        b) value+=$'\b' ;;
        f) value+=$'\f' ;;
        n) value+=$'\n' ;;
        r) value+=$'\r' ;;
        t) value+=$'\t' ;;
        v) value+=$'\v' ;;
        *) value+=\\$next ;;
        esac
    done
    value=$(substituted "$value$pair" && printf x) || exit 78
    value=${value%x}
}

# Moves a quoted text from `rest` to `value`.
quoted() { # QUOTE
    local pattern="^$1(([^$1\\\\]|\\\\.)*)$1"
    [[ $rest =~ $pattern ]] || dotenv_fails "begins with $1, but has no closing $1"
    value=${BASH_REMATCH[1]}
    rest=${rest:${#BASH_REMATCH[0]}}
    # A comment or another NAME=VALUE may follow the quote on its line.
    if [[ $rest =~ ^[[:blank:]]*# ]]; then next_line; fi
}

# The text with $NAME, ${NAME}, ${NAME:-default} and similar replaced; $$ is a dollar sign.
substituted() { # TEXT
    local text=$1 out='' name operator word
    while [[ $text == *'$'* ]]; do
        out+=${text%%\$*}
        text=${text#*\$}
        if [[ $text == '$'* ]]; then
            out+='$'
            text=${text:1}
        elif [[ $text =~ ^([A-Za-z_][A-Za-z0-9_]*) ]]; then
            out+=$(dotenv_value "${BASH_REMATCH[1]}" && printf x) || exit 78
            out=${out%x}
            text=${text:${#BASH_REMATCH[0]}}
        elif [[ $text =~ ^\{([A-Za-z_][A-Za-z0-9_]*)(:?[-+?]|\}) ]]; then
            name=${BASH_REMATCH[1]} operator=${BASH_REMATCH[2]}
            text=${text:${#BASH_REMATCH[0]}}
            word=
            if [[ $operator != '}' ]]; then take_word; fi
            out+=$(expanded "$name" "$operator" "$word" && printf x) || exit 78
            out=${out%x}
        elif [[ $text == '{'* ]]; then
            dotenv_fails "contains an invalid \${; valid are \${NAME} and forms such as \${NAME:-default}"
        else
            out+='$'
        fi
    done
    printf '%s' "$out$text"
}

# Moves the text before the closing brace of a substitution from `text` to `word`.
take_word() {
    local depth=1 character
    while ((depth > 0)); do
        [[ $text ]] || dotenv_fails "contains \${ without }"
        character=${text:0:1}
        if [[ $text == "\${"* ]]; then depth=$((depth + 1)); fi
        if [[ $character == '}' ]]; then depth=$((depth - 1)); fi
        text=${text:1}
        if ((depth > 0)); then word+=$character; fi
    done
}

expanded() { # NAME OPERATOR WORD
    local current is_set='' colon=''
    current=$(dotenv_value "$1" && printf x) || exit 78
    current=${current%x}
    if in_environment "$1" || [[ -n ${dotenv[$1]+set} ]]; then is_set=yes; fi
    if [[ $2 == :* ]]; then colon=yes; fi
    if [[ $colon && -z $current ]]; then is_set=; fi
    case $2 in
    *-) if [[ $is_set ]]; then printf '%s' "$current"; else substituted "$3"; fi ;;
    *+) if [[ $is_set ]]; then substituted "$3"; fi ;;
    *\?)
        [[ $is_set ]] || dotenv_fails "needs $1, which is not set"
        printf '%s' "$current"
        ;;
    *) printf '%s' "$current" ;;
    esac
}

dotenv_value() { # NAME
    if in_environment "$1"; then printf '%s' "${!1}"; else printf '%s' "${dotenv[$1]:-}"; fi
}
