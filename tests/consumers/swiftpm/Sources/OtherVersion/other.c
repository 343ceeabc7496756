#include "other.h"

/* Linked with --wrap=NAME, calls of NAME come here: a library of another version, or with another shape of one call. */
unsigned int __wrap_ffi_kabao_ffi_uniffi_contract_version(void) { return 29; }
unsigned short __wrap_uniffi_kabao_ffi_checksum_method_payclient_confirm(void) { return 1; }
int other_version(void) { return 1; }
