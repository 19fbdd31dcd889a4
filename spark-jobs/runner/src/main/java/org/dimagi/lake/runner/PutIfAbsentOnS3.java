package org.dimagi.lake.runner;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import software.amazon.awssdk.core.exception.SdkServiceException;

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

  private static final int ATTEMPTS = 10;
  private static final long PAUSE_NANOS = 100_000_000;

  private final FileSystem files;

  PutIfAbsentOnS3(FileSystem files) {
    this.files = files;
  }

  @Override
  public boolean put(Path target, byte[] content) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        send(target, content);
        return true;
      } catch (IOException refusedOrUnknown) {
        byte[] standing = standing(target, refusedOrUnknown);
        if (standing != null) return Arrays.equals(standing, content);
        // Refused, yet nothing can be read: another's put is under way, or has just failed.
        if (!refused(refusedOrUnknown) || attempt == ATTEMPTS) throw refusedOrUnknown;
        LockSupport.parkNanos(attempt * PAUSE_NANOS);
      }
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

  /** 412: something stands there. 409: another's request for the name is being worked on. */
  private static boolean refused(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SdkServiceException answer) return answer.statusCode() == 412 || answer.statusCode() == 409;
    }
    return false;
  }

  /** @return null when nothing stands there @throws IOException the first failure, when that cannot be found out */
  private byte[] standing(Path target, IOException first) throws IOException {
    try (InputStream in = files.open(target)) {
      return in.readAllBytes();
    } catch (FileNotFoundException absent) {
      return null;
    } catch (IOException unreachable) {
      first.addSuppressed(unreachable);
      throw first;
    }
  }
}
