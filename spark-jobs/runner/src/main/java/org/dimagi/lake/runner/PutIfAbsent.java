package org.dimagi.lake.runner;

import java.io.IOException;
import org.apache.hadoop.fs.Path;

/** A storage on which of many writers of one name exactly one wins. */
interface PutIfAbsent {
  /**
   * All of the content under a name that does not exist yet.
   *
   * @return false when another's content stands there
   * @throws IOException when it is not known whether the content stands there; trying again is safe
   */
  boolean put(Path target, byte[] content) throws IOException;

  /** Whatever stands there is replaced at once: a reader sees the old content or the new. */
  void replace(Path target, byte[] content) throws IOException;
}
