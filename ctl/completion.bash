# SPDX-License-Identifier: MIT OR Apache-2.0
# Completion of orlopctl (and systemctl) for bash. The lists are those of
# `orlopctl --help`; a test compares them.

_orlopctl_verbs='
	status list show is-active is-failed is-system-running start stop restart
	try-restart reload reload-or-restart try-reload-or-restart kill
	reset-failed logs list-unit-files cat is-enabled enable disable mask
	unmask verify daemon-reload deps boot reboot poweroff halt kexec version'

_orlopctl_options='
	--help --version --json --quiet --all --type= --state= --failed
	--no-legend --full --lines= --property= --value --no-block --signal=
	--kill-whom= --root= --now --force --svg'

# Units that PID 1 has, or for verbs about files those that are installed.
_orlopctl_units() { # VERB
	case $1 in
		cat | is-enabled | enable | disable | mask | unmask | verify | deps | list-unit-files)
			orlopctl list-unit-files --no-legend 2>/dev/null
			;;
		*)
			orlopctl list --all --no-legend 2>/dev/null
			;;
	esac | while read -r unit _; do
		printf '%s\n' "$unit"
	done
}

_orlopctl() {
	local current=${COMP_WORDS[COMP_CWORD]} verb='' word

	COMPREPLY=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $word != -* && -z $verb ]]; then
			verb=$word
		fi
	done
	case $current in
		--root=*)
			mapfile -t COMPREPLY < <(compgen -d -- "${current#--root=}")
			;;
		-*)
			mapfile -t COMPREPLY < <(compgen -W "$_orlopctl_options" -- "$current")
			[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
			;;
		*)
			if [ -z "$verb" ]; then
				mapfile -t COMPREPLY < <(compgen -W "$_orlopctl_verbs" -- "$current")
				return
			fi
			case $verb in
				is-system-running | daemon-reload | boot | reboot | poweroff | halt | kexec | version) ;;
				*)
					mapfile -t COMPREPLY < <(
						compgen -W "$(_orlopctl_units "$verb")" -- "$current"
						[ "$verb" != verify ] || compgen -f -- "$current"
					)
					;;
			esac
			;;
	esac
}

complete -F _orlopctl orlopctl systemctl
