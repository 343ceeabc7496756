int other_version(void);
