-- nothing here
/* nor here
   */
;;
