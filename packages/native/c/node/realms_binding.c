/*
 * Realms: a thread may have several global objects, each with modules of its own: vm contexts, the test
 * files of a runner. All of them share one environment, which is the thread's, so what an event loop hears
 * is told to the realm that asked.
 *
 * A realm may be thrown away at any time. It is held while it has tickets, because a wake that such a
 * ticket consumed must reach somebody who passes it on; otherwise weakly, so that nothing here keeps a
 * realm that nobody uses any more.
 */
#include "node/binding.h"

#include <stdlib.h>

struct realm {
  realm *next;
  int32_t id;
  napi_ref on_wake; /* counted: strong while the realm has tickets */
};

static realm *realm_at(const environment *here, int32_t id) {
  for (realm *r = here->realms; r != NULL; r = r->next)
    if (r->id == id) return r;
  return NULL;
}

static bool is_gone(napi_env env, const realm *r) {
  napi_value callback = NULL;
  return napi_get_reference_value(env, r->on_wake, &callback) == napi_ok && callback == NULL;
}

static void forget_gone(napi_env env, environment *here) {
  for (realm **link = &here->realms; *link != NULL;) {
    realm *r = *link;
    if (!is_gone(env, r)) {
      link = &r->next;
      continue;
    }
    *link = r->next;
    napi_delete_reference(env, r->on_wake);
    free(r);
  }
}

/* onWake(callback) → the realm; the callback gets the ids of tickets whose callers must look again */
static napi_value on_wake(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  napi_value callback = function_at(&a, 0);
  environment *here = ipc_environment_of(env);
  if (!a.ok || here == NULL) return NULL;
  forget_gone(env, here);
  realm *r = malloc(sizeof *r);
  if (r == NULL) return bug(env, "hear of wakes: out of memory");
  napi_value result = int_value(env, here->last_realm + 1);
  if (result == NULL || napi_create_reference(env, callback, 0, &r->on_wake) != napi_ok) {
    free(r);
    return NULL;
  }
  r->id = ++here->last_realm;
  r->next = here->realms;
  here->realms = r;
  return result;
}

/* holdRealm(realm, flag): whether it has tickets; counted */
static napi_value hold_realm(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  int32_t id = int_at(&a, 0);
  bool hold = bool_at(&a, 1);
  environment *here = ipc_environment_of(env);
  if (!a.ok || here == NULL) return NULL;
  realm *r = realm_at(here, id);
  if (r == NULL) return bug(env, "native call: no such realm");
  uint32_t count;
  CHECK(hold ? napi_reference_ref(env, r->on_wake, &count)
             : napi_reference_unref(env, r->on_wake, &count));
  return NULL;
}

static void tell(napi_env env, const realm *r, const int32_t *ids, int count, napi_value *error) {
  napi_value callback = NULL, receiver, argument = ints_value(env, ids, count), thrown;
  if (argument == NULL || napi_get_reference_value(env, r->on_wake, &callback) != napi_ok ||
      callback == NULL || napi_get_global(env, &receiver) != napi_ok)
    return;
  if (napi_call_function(env, receiver, callback, 1, &argument, NULL) == napi_ok) return;
  bool pending = false; /* one realm's exception must not cost the others their wakes */
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env, &thrown) == napi_ok && *error == NULL)
    *error = thrown;
}

enum { NO_REALM = 0 };

void ipc_tell_realms(napi_env env, environment *here, ipc_ticket_name *rung, int count,
                     napi_value *error) {
  int32_t ids[count];
  for (int first = 0; first < count; first++) {
    int32_t id = rung[first].realm;
    if (id == NO_REALM) continue; /* was told */
    int of_realm = 0;
    for (int i = first; i < count; i++) {
      if (rung[i].realm != id) continue;
      ids[of_realm++] = rung[i].id;
      rung[i].realm = NO_REALM;
    }
    realm *r = realm_at(here, id);
    if (r != NULL) tell(env, r, ids, of_realm, error);
  }
}

void ipc_free_realms(environment *here) {
  while (here->realms != NULL) {
    realm *next = here->realms->next;
    free(here->realms);
    here->realms = next;
  }
}

bool ipc_define_realms(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      METHOD("onWake", on_wake),
      METHOD("holdRealm", hold_realm),
  };
  return DEFINE(env, exports, methods);
}
