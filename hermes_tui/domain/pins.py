"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
    "constitution.md": "2bc32bb5ca38a162dd970bbe1884155d62e1fcd98f6db3133da78d36577b9170",
    "domain/guardrails.py": "a920cfca1e7ca88d3dea53049f76823431e90ac98da438a861d095ceeebb4777",
    "domain/hosts.py": "cce3a11eb8c7c3021efc0ed9059085665fa9ed66307fea8e924124183a9804ee",
    "domain/intents.py": "7af0833c3a451e043506bb3aab6948a0a835356e2b9a4c5ca7bfd8ac0175ca0b",
    "kernel/budget.py": "4aac3d625aafc701c8f4a65c8a0e70ba1121649506f820c75c7e00a3ca191702",
    "kernel/dispatch.py": "f266d313103fe7ac3177715fcee2a70987f99fef3aa786ef1c46fda64381e644",
    "kernel/two_keys.py": "cf414a9c4b7fd7fa3dbaff7c46efce6cfb65533d7b5f92e79c9a2948addd0b32",
    "capabilities/governance/policy.py": "1b36a7de4d78151966ae7f8445c00818e6df8e1bbaebad1b71cc5b0b3dcee96f",
    "capabilities/governance/redact.py": "8d69fa0e99e2991923f2fd1e6adbf55d628e8afdd567e7e50b2d1ec003ba4f78",
    "capabilities/keys/_notary.py": "8961d2e5bca49a5f8525fbe5bfbbc60e67e353160cc5c15d47b039fdfa23a4e5",
    "capabilities/keys/_sshsig.py": "97a17a8925ad2942e8c6cff0b06388e4dc58e6a5b2e4ba40085ff24d4f2669d8",
    "capabilities/sandbox/bounds.py": "d126bf817f0c80d9bf3a68e89ed8715ec395c2afdb763de495948fbfb1f15912",
    "capabilities/sandbox/bubblewrap.py": "9aaac756625ea4f34b5dcb24387f2a9c28bc208bbb9852f733d0a427075ba7e2",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "c72097eea66a4ac776b2a311a19bdffdbf07ae1dfe9015c17a297399dfc8ca9f",
    "capabilities/sandbox/ladder.py": "16517de44035a4e72648ec508cf51354f217f1e27d996416608d20155776b7c6",
    "capabilities/sandbox/landlock.py": "f986a752419665cce83fcd5c35bec4b169922ea63f41224132decf59ebaced33",
    "capabilities/sandbox/scopes.py": "398b3af4e346a5f23f76cada85cb5781315e7422e7bd842ff9f404d9e884360d",
    "capabilities/sandbox/seccomp.py": "e962966a4fa3bd3d2e5d5e48f5a6c310834477cd809fd6a676f944dd34a4e26f",
    "capabilities/tools/_paths.py": "a29adaaed955d13093bb8b36256a465af12a559170af31fd371fb4249e142e92",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "0f170208c8f8c284ce0104c3d6d073a16bf795587a18c9bf82e90064e267a73f",
}
