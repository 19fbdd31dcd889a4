package org.dimagi.lake.runner;

import io.delta.storage.HadoopFileSystemLogStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.util.Iterator;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Delta's log on {@code file:} and {@code s3a:}, safe with any number of writing processes: of all that put one
 * version exactly one wins, also against a driver that was frozen and taken for dead. Delta's stock stores look first
 * and write then, which is safe within one process only.
 *
 * <p>Other schemes are refused: a store that cannot promise this must not look as if it did.
 */
public final class PutIfAbsentLogStore extends HadoopFileSystemLogStore {
  private static final Pattern COMMIT = Pattern.compile("\\d{20}\\.json");

  public PutIfAbsentLogStore(Configuration initial) {
    super(initial);
  }

  @Override
  public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration hadoop) throws IOException {
    FileSystem files = path.getFileSystem(hadoop);
    Path target = files.makeQualified(path);
    PutIfAbsent store = storeOf(target, files);
    byte[] content = bytes(actions);
    if (overwrite) {
      store.replace(target, content);
      return;
    }
    boolean commit = isCommit(target);
    if (commit) Faults.beforeCommit();
    if (!store.put(target, content)) throw new FileAlreadyExistsException(target.toString());
    if (commit) Faults.afterCommit();
  }

  /** Checkpoints are not written through this class: on disk a half-written one can be seen, on S3 it cannot. */
  @Override
  public Boolean isPartialWriteVisible(Path path, Configuration hadoop) throws IOException {
    return scheme(path, path.getFileSystem(hadoop)).equals("file");
  }

  /** @throws UnsupportedOperationException when the path's storage cannot be written safely */
  static void requireKnown(Path path, Configuration hadoop) throws IOException {
    storeOf(path, path.getFileSystem(hadoop));
  }

  private static PutIfAbsent storeOf(Path target, FileSystem files) {
    return switch (scheme(target, files)) {
      case "file" -> new PutIfAbsentOnDisk();
      case "s3a" -> new PutIfAbsentOnS3(files);
      default ->
          throw new UnsupportedOperationException(
              "PutIfAbsentLogStore knows file: and s3a: only, not " + target + "; use another storage URL");
    };
  }

  private static String scheme(Path path, FileSystem files) {
    return files.makeQualified(path).toUri().getScheme();
  }

  private static boolean isCommit(Path target) {
    return COMMIT.matcher(target.getName()).matches() && target.getParent().getName().equals("_delta_log");
  }

  private static byte[] bytes(Iterator<String> actions) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (actions.hasNext()) all.writeBytes((actions.next() + "\n").getBytes(StandardCharsets.UTF_8));
    return all.toByteArray();
  }
}
