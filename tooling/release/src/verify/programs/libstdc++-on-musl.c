/* Functions that Debian's libstdc++ and libgcc ask of glibc and that musl does not have. They are enough
 * to run a JavaScript runtime on musl where no distribution of musl is at hand, and are for checks only. */
#include <locale.h>
#include <stddef.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded = 0;
unsigned __cpu_model[4];

int __cpu_indicator_init(void) { return 0; }
int __cxa_thread_atexit_impl(void (*f)(void *), void *object, void *library) {
  (void)f, (void)object, (void)library;
  return 0; /* destructors of a thread's objects are not run */
}
size_t __strftime_l(char *to, size_t size, const char *format, const struct tm *time, locale_t in) {
  return strftime_l(to, size, format, time, in);
}
unsigned arc4random(void) {
  unsigned random;
  getrandom(&random, sizeof random, 0);
  return random;
}
int _dl_find_object(void *address, void *result) {
  (void)address, (void)result;
  return -1; /* the unwinder then asks dl_iterate_phdr */
}
#ifdef __aarch64__
#include <sys/auxv.h>
unsigned long __getauxval(unsigned long type) { return getauxval(type); }
#endif
