package org.dimagi.lake.runner;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * {@code If-None-Match: *} on the PUT, which S3 itself judges. The request is sent at close(); whatever goes wrong
 * there, the object that stands at the name afterwards decides, because an answer can be lost: the client then
 * repeats the request and is refused by its own first one.
 *
 * <p>Equal content is proof of that: a commit carries its transaction's random {@code txnId}. Where content has no
 * such mark, an equal object is what the caller wanted there anyway.
 */
final class PutIfAbsentOnS3 implements PutIfAbsent {
  /** Sent also when it would be the default: a client that does not know it must fail, not overwrite. */
  private static final String IF_ABSENT = "fs.option.create.conditional.overwrite";

  private final FileSystem files;

  PutIfAbsentOnS3(FileSystem files) {
    this.files = files;
  }

  @Override
  public boolean put(Path target, byte[] content) throws IOException {
    try {
      send(target, content);
      return true;
    } catch (IOException refusedOrUnknown) {
      byte[] standing = standing(target, refusedOrUnknown);
      return Arrays.equals(standing, content);
    }
  }

  @Override
  public void replace(Path target, byte[] content) throws IOException {
    try (FSDataOutputStream out = files.create(target, true)) {
      write(out, content);
    }
  }

  private void send(Path target, byte[] content) throws IOException {
    FSDataOutputStreamBuilder<?, ?> request = files.createFile(target);
    // overwrite(true) only leaves out the client's own look before the write; the condition is the server's.
    request.overwrite(true).recursive().must(IF_ABSENT, true);
    try (FSDataOutputStream out = request.build()) {
      write(out, content);
    }
  }

  /** close() would send what has been buffered so far: after a failed write there must be nothing to send. */
  private static void write(FSDataOutputStream out, byte[] content) throws IOException {
    try {
      out.write(content);
    } catch (IOException failed) {
      out.abort();
      throw failed;
    }
  }

  /** @throws IOException the first failure, when nothing stands there or that cannot be found out */
  private byte[] standing(Path target, IOException first) throws IOException {
    try (InputStream in = files.open(target)) {
      return in.readAllBytes();
    } catch (FileNotFoundException absent) {
      throw first;
    } catch (IOException unreachable) {
      first.addSuppressed(unreachable);
      throw first;
    }
  }
}
