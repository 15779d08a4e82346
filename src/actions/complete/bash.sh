# Asks the program how the line may go on. To bash `=` and `:` are words of their own, so they are joined again.
_backstack_complete() {
    local -a words=()
    local word previous= at=0 i
    for (( i = 0; i < ${#COMP_WORDS[@]}; i++ )); do
        word=${COMP_WORDS[i]}
        if (( i == COMP_CWORD )) && [[ $word != [=:]* ]]; then
            word=$2
        fi
        if (( i > 0 )) && [[ $word == [=:]* || $previous == [=:]* ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        (( i == COMP_CWORD )) && at=$(( ${#words[@]} - 1 ))
        previous=${COMP_WORDS[i]}
    done
    local IFS=$'\n' kept=${words[at]%"$2"}
    COMPREPLY=( $(_CLAP_COMPLETE_INDEX=$at _CLAP_IFS=$IFS VARIABLE=bash 'PROGRAM' -- "${words[@]}" 2> /dev/null) )
    COMPREPLY=( "${COMPREPLY[@]#"$kept"}" )
    if [[ ${COMPREPLY-} == *[=/:.@] ]]; then
        compopt -o nospace 2> /dev/null
    fi
}
complete -o bashdefault -F _backstack_complete backstack
